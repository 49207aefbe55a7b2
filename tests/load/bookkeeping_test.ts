/** sqlwright's own query files: proven as those of a project are, with types that are theirs, and the module that a project may take. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { checkFiles, openPools, withApplication } from "../../src/app.ts";
import { declareQueries } from "../../src/client/declare.ts";
import { type Config, queryFoldersOf, readConfig } from "../../src/config.ts";
import { SqlwrightError } from "../../src/errors.ts";
import { chunksOf } from "../../src/load/source/bytes.ts";
import { UploadStore } from "../../src/load/source/upload.ts";
import { silentLog } from "../../src/log.ts";
import { findProject } from "../../src/project.ts";
import type { Tool } from "../../src/tool/model.ts";
import {
  callContext,
  deployFiles,
  edgarProject,
  loadQueries,
  project,
  type TestDatabase,
  testOnEach,
  withDatabase,
  withFiles,
} from "../harness.ts";

/** Settings of a project that takes modules which come with sqlwright, and has no query files of its own. */
function configOf(
  databaseUrl: string,
  directory: string,
  modules: readonly string[],
): Config {
  const taking = {
    ...edgarProject,
    name: "books",
    directory,
    migrationsDirectory: join(directory, "migrations"),
    functionsDirectory: join(directory, "functions"),
    sqlDirectory: join(directory, "sql"),
    lockFile: join(directory, "sql", "lock.json"),
    modules,
    extension: null,
  };
  return readConfig({ DATABASE_URL: databaseUrl }, { project: taking });
}

async function toolsOf(
  databaseUrl: string,
  modules: readonly string[],
): Promise<Tool[]> {
  return await withFiles({ "sql/README.md": "" }, async (directory) => {
    const config = configOf(databaseUrl, directory, modules);
    const pools = openPools(config);
    try {
      const files = await checkFiles(config, pools.writer);
      const found = files.diagnostics.map(({ path, code, line, message }) =>
        `${path}:${line}: ${code}: ${message}`
      );
      assert.deepEqual(found, []);
      return [...files.catalog.tools.values()];
    } finally {
      await Promise.all([
        pools.reader.close(),
        pools.writer.close(),
        pools.uploads.close(),
      ]);
    }
  });
}

testOnEach(
  "the query files of the bookkeeping pass check, and their types are those of the files",
  async (server) => {
    await withDatabase(async (database) => {
      const { serverUrl } = database;
      await migrateLoads(database);
      const tools = await toolsOf(serverUrl, ["ledger", "uploads"]);
      const declared = declareQueries(tools);
      const place = join(project, "src/bookkeeping/queries.ts");
      if (Deno.env.has("WRITE_TYPES")) {
        await Deno.writeTextFile(place, declared);
      }
      assert.equal(
        await Deno.readTextFile(place),
        declared,
        "run `WRITE_TYPES=1 deno task test tests/load/bookkeeping_test.ts`",
      );
      assert.equal((await toolsOf(serverUrl, ["loads"])).length, 5);
      const kinds = new Set(tools.map(({ kind }) => kind));
      assert.deepEqual(
        kinds,
        new Set(["one", "value", "report", "exec", "unnest", "copy"]),
      );
    }, { server });
  },
);

testOnEach(
  "a project that takes the module loads sees what was loaded, rejected and uploaded, and nothing that writes",
  async (server) => {
    await withDatabase(async (database) => {
      await database
        .sql`create table public.measure (id integer primary key, weight numeric not null)`;
      await database
        .sql`grant select, insert on public.measure to sqlwright_server`;
      const load = `-- name: load_measures :copy
-- title: Load measures
-- Loads measures.
--
-- @column id      Number
-- @column weight  Kilograms

copy public.measure (id, weight) from stdin (format csv, header match);
`;
      await migrateLoads(database);
      await withFiles({
        "sql/shop/load_measures.sql": load,
        "in/measures.csv": measures,
      }, async (directory) => {
        const config = {
          ...configOf(database.serverUrl, directory, ["loads"]),
          SQLWRIGHT_SOURCE_DIR: join(directory, "in"),
        };
        await withApplication(
          config,
          { log: silentLog },
          async ({ callTool, catalog }) => {
            const call = async (
              tool: string,
              args: Record<string, unknown> = {},
            ) => {
              const { isError, structured } = await callTool(
                tool,
                args,
                callContext(),
              );
              assert.ok(!isError, JSON.stringify(structured));
              return structured as unknown as Answer;
            };
            assert.deepEqual(
              [...catalog().tools.values()].filter(({ module }) => module === "loads").map(({ name }) => name)
                .sort(),
              [
                "loads_find",
                "loads_recent",
                "loads_rejects",
                "loads_report",
                "loads_uploads_waiting",
              ],
            );
            const options = { mode: "collect", idempotency_key: "monday" };
            const answer = await call("shop_load_measures", {
              source: "measures.csv",
              options,
            });
            assert.deepEqual([answer.copied, answer.rejected], [2, 2]);

            const { rows: [recent], ...more } = await call("loads_recent", {
              tool: "shop_load_measures",
            });
            assert.deepEqual(more, { next_cursor: null });
            const id = String(recent!.id);
            assert.deepEqual(recent, {
              id,
              tool: "shop_load_measures",
              source: "measures.csv",
              source_bytes: measures.length,
              loaded_by: "sqlwright_server",
              finished_at: recent!.finished_at,
              seconds: recent!.seconds,
              copied: 2,
              inserted: 2,
              updated: 0,
              rejected: 2,
              has_rejects: true,
            });
            const { rows } = await call("loads_rejects", { load_id: id });
            assert.deepEqual(
              rows.map(({ number, line, column_name, value, sqlstate }) => [
                number,
                line,
                column_name,
                value,
                sqlstate,
              ]),
              [
                [1, 3, "weight", "heavy", "22P02"],
                [2, 5, null, null, "23505"],
              ],
            );
            const only = await call("loads_rejects", {
              load_id: id,
              sqlstate: "23505",
            });
            assert.equal(only.rows.length, 1);
            assert.equal(
              (await call("loads_find", { id })).row?.["idempotency_key"],
              "monday",
            );
            assert.equal(
              (await call("loads_find", { id: crypto.randomUUID() })).row,
              null,
            );
            assert.deepEqual(
              await call("loads_recent", { has_rejects: false }),
              { rows: [], next_cursor: null },
            );

            const { report } = await call("loads_report", {
              days: 1,
            }) as unknown as {
              report: {
                days: number;
                tools: Record<string, unknown>[];
                uploads: unknown;
              };
            };
            const [{ tool, loads, copied, rejected, reasons }] = report
              .tools as [Record<string, unknown>];
            assert.deepEqual([report!.days, tool, loads, copied, rejected], [
              1,
              "shop_load_measures",
              1,
              2,
              2,
            ]);
            assert.equal((reasons as unknown[]).length, 2);
            assert.deepEqual(report!.uploads, {
              count: 0,
              whole: 0,
              kept_bytes: 0,
            });
          },
        );
        await withUploads(database, async (uploads) => {
          const { handle } = await uploads.put({
            name: "waiting.csv",
            body: chunksOf(new TextEncoder().encode(measures)),
            size: measures.length,
            signal: new AbortController().signal,
          });
          await withApplication(
            config,
            { log: silentLog },
            async ({ callTool }) => {
              const { structured } = await callTool(
                "loads_uploads_waiting",
                {},
                callContext(),
              );
              const text = JSON.stringify(structured);
              assert.match(text, /"name":"waiting\.csv","is_whole":true/);
              assert.ok(
                !text.includes(handle.slice("upload:".length)),
                "whoever knows a handle may load it",
              );
            },
          );
        });
      });
    }, { server });
  },
);

/** What these tools answer, as far as it is looked at. */
interface Answer {
  copied?: number;
  rejected?: number;
  row?: Record<string, unknown> | null;
  rows: Record<string, unknown>[];
  next_cursor?: string | null;
  report?: { days: number; tools: Record<string, unknown>[]; uploads: unknown };
}

/** Four rows, two of them bad. */
const measures = "id,weight\n1,1.5\n2,heavy\n3,2.5\n1,7\n";

/** What `migrate` brings for the module: sqlwright's own tables, and its view. */
async function migrateLoads({ ownerUrl, serverUrl }: TestDatabase): Promise<string[]> {
  return await withFiles({ "sql/README.md": "" }, async (directory) => {
    const config = configOf(serverUrl, directory, ["loads"]);
    const { views } = await deployFiles(config, ownerUrl, await loadQueries(queryFoldersOf(config)));
    return views;
  });
}

async function withUploads(
  { serverUrl }: TestDatabase,
  use: (uploads: UploadStore) => Promise<void>,
): Promise<void> {
  const { reader, writer, uploads } = openPools(
    readConfig({ DATABASE_URL: serverUrl }),
  );
  try {
    await use(
      new UploadStore(uploads, {
        maximumBytes: 1e6,
        spaceBytes: 1e7,
        ttl_ms: 60_000,
      }),
    );
  } finally {
    await Promise.all([reader, writer, uploads].map((pool) => pool.close()));
  }
}

Deno.test("no project can take the modules that write the books", async () => {
  for (const module of ["ledger", "uploads"]) {
    await withFiles({
      "sqlwright.json": JSON.stringify({
        sqlwright: "0.2.0",
        name: "shop",
        modules: [module],
      }),
    }, (directory) => {
      assert.throws(
        () => findProject({ project: directory }),
        (error) =>
          error instanceof SqlwrightError && error.code === "project.invalid" &&
          error.message.includes(module),
      );
      return Promise.resolve();
    });
  }
});
