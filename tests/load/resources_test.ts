/** A load that PostgreSQL has no room for: a disk that is full, a limit of the configuration. The next load works. */

import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import postgres from "postgres";
import type { SqlwrightError } from "../../src/errors.ts";
import type { ToolResult } from "../../src/tool/model.ts";
import { type TestDatabase, type TestServer, testServers, withDatabase, withTools } from "../harness.ts";
import { loadFiles, loadSchema } from "./loading.ts";

const rows = 150_000;
const line = (index: number) => `${(index * 7919) % rows},${"n".repeat(150)}`;
const large = `id,name\n${Array.from({ length: rows }, (_, index) => line(index)).join("\n")}\n`;
const small = "id,name\n1,a\n2,b\n";

const files = {
  ...loadFiles,
  // The target is in the small place.
  "shop/narrow.sql": `-- name: narrow :copy
-- Loads into a table that has little room.

create temporary table incoming (id bigint, name text) on commit drop;

copy incoming (id, name) from stdin (format csv, header);

insert into shop.narrow (id, name) select incoming.id, incoming.name from incoming;
`,
};

interface Loads {
  database: TestDatabase;
  load: (tool: string, source: string, options?: Record<string, unknown>) => Promise<ToolResult>;
}

async function withLoads(
  server: TestServer,
  schema: (database: TestDatabase) => string,
  use: (loads: Loads) => Promise<void>,
): Promise<void> {
  await withDatabase(async (database) => {
    await database.sql.unsafe(loadSchema + schema(database));
    const directory = await Deno.makeTempDir({ prefix: "sqlwright_sources_" });
    try {
      await Deno.writeTextFile(join(directory, "large.csv"), large);
      await Deno.writeTextFile(join(directory, "small.csv"), small);
      await withTools(
        database,
        files,
        (call) => use({ database, load: (tool, source, options = {}) => call(tool, { source, options }) }),
        { SQLWRIGHT_SOURCE_DIR: directory },
      );
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  }, { server });
}

const narrowTable = (place: string) => `
  create table shop.narrow (id bigint, name text) ${place};
  grant select, insert on shop.narrow to sqlwright_server;
`;

function errorOf(result: ToolResult) {
  assert.equal(result.isError, true, result.text.slice(0, 500));
  return result.structured.error as unknown as Pick<SqlwrightError, "code" | "message" | "hint" | "details">;
}

async function holds({ database: { sql } }: Loads, table: string): Promise<number> {
  const [found] = await sql.unsafe(`select count(*)::int as n from ${table}`);
  return found!.n;
}

for (const server of testServers()) {
  Deno.test(`a limit of PostgreSQL's configuration ends a load with what to do (PostgreSQL ${server.version})`, () =>
    withLoads(server, ({ name }) =>
      `${narrowTable("")}
      alter role sqlwright_server in database ${name} set temp_file_limit = '1MB';
      alter role sqlwright_server in database ${name} set work_mem = '64kB';`, async (loads) => {
      const { load } = loads;
      for (const mode of ["all_or_nothing", "collect"]) {
        const error = errorOf(await load("shop_items", "large.csv", { mode }));
        assert.equal(error.code, "load.insufficient_resources");
        assert.match(
          error.message,
          /^Cannot load "large\.csv": PostgreSQL has reached a limit of its configuration in statement 1 of the merge: temporary file size exceeds/,
        );
        assert.match(error.hint!, /^Nothing was loaded\. Raise the setting/);
        const { sqlstate, source, phase } = error.details;
        assert.deepEqual({ sqlstate, source, phase }, {
          sqlstate: "53400",
          source: "large.csv",
          phase: "merge",
        });
        assert.equal(await holds(loads, "shop.item"), 0);
      }
      assert.equal((await load("shop_items", "small.csv")).isError, false);
      assert.equal(await holds(loads, "shop.item"), 2);
    }));

  Deno.test(`a disk that is full ends a load with the line or statement it was at (PostgreSQL ${server.version})`, () =>
    withSmallDisk(server, async (disk) => {
      if (disk === null) {
        process.stdout.write(
          "No file system may be mounted here: a full disk is tested as the limit above alone\n",
        );
        return;
      }
      await withLoads(server, () => narrowTable(`tablespace ${disk.tablespace}`), async (loads) => {
        const { load, database: { sql } } = loads;
        const merge = errorOf(await load("shop_narrow", "large.csv"));
        assert.equal(merge.code, "load.insufficient_resources");
        assert.match(
          merge.message,
          /^Cannot load "large\.csv": PostgreSQL has no disk space left in statement 1 of the merge: /,
        );
        assert.deepEqual(
          [merge.details.sqlstate, merge.details.phase, merge.details.bytes_read],
          ["53100", "merge", large.length],
        );
        assert.equal(await holds(loads, "shop.narrow"), 0);
        // The COPY itself: a table that stands in the small place.
        // What a failed load has written keeps its place, and neither TRUNCATE nor VACUUM has room to work.
        await disk.grow();
        await sql.unsafe(`alter table shop.raw set tablespace ${disk.tablespace}`);
        for (const mode of ["all_or_nothing", "collect"]) {
          const copy = errorOf(await load("shop_loose", "large.csv", { mode }));
          assert.equal(copy.code, "load.insufficient_resources");
          const place = /^Cannot load "large\.csv", line (\d+): PostgreSQL has no disk space left: /.exec(
            copy.message,
          );
          assert.ok(place !== null, copy.message);
          const { line: at, bytes_read: read, bytes, phase } = copy.details;
          assert.equal(at, Number(place[1]));
          assert.ok(Number(at) > 1000 && Number(at) <= rows, String(at));
          assert.ok(Number(read) > 1_000_000 && Number(read) <= Number(bytes), String(read));
          assert.equal(phase, "copy");
          assert.match(copy.hint!, /^Nothing was loaded\. Free or add space/);
          assert.equal(await holds(loads, "shop.raw"), 0);
          await disk.grow();
        }

        assert.equal((await load("shop_loose", "small.csv")).isError, false);
        assert.equal((await load("shop_narrow", "small.csv", { mode: "collect" })).isError, false);
        assert.deepEqual([await holds(loads, "shop.raw"), await holds(loads, "shop.narrow")], [2, 2]);
      });
    }));
}

interface SmallDisk {
  tablespace: string;
  /** By as much as it has. */
  grow: () => Promise<void>;
}

/** A tablespace on a file system of 16 MB; null where none may be mounted. */
async function withSmallDisk(
  { url, version }: TestServer,
  use: (disk: SmallDisk | null) => Promise<void>,
): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const directory = await Deno.makeTempDir({ prefix: "sqlwright_disk_" });
  const name = `small_disk_${version}`;
  let isMounted = false;
  try {
    const [found] = await sql`select current_setting('data_directory') as place`;
    const { uid, gid } = await Deno.stat(found!.place);
    isMounted = Deno.uid() === 0 && uid !== null && gid !== null &&
      await run("mount", "-t", "tmpfs", "-o", `size=16m,uid=${uid},gid=${gid},mode=700`, "none", directory);
    if (!isMounted) return await use(null);
    await sql.unsafe(`create tablespace ${name} location '${directory}'`);
    try {
      let size = 16;
      await use({
        tablespace: name,
        grow: async () => {
          size += 16;
          assert.ok(await run("mount", "-o", `remount,size=${size}m`, directory));
        },
      });
    } finally {
      await sql.unsafe(`drop tablespace ${name}`);
    }
  } finally {
    await sql.end({ timeout: 1 });
    if (isMounted) await run("umount", directory);
    await Deno.remove(directory, { recursive: true }).catch(() => {});
  }
}

async function run(command: string, ...args: string[]): Promise<boolean> {
  const { success } = await new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output()
    .catch(() => ({ success: false }));
  return success;
}
