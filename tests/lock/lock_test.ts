/** The lock: what it holds, what is served from it, and what it says of changes in files and database. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { checkFiles, defaultLimits, openPools, withApplication } from "../../src/app.ts";
import { checkLock, saveLock } from "../../src/cli/files/lock.ts";
import { createLog } from "../../src/log.ts";
import { hasOptionalFilter } from "../../src/plan/optional_filter.ts";
import { type Lock, writeLock } from "../../src/lock/lock.ts";
import { lockedCatalog, readLockedFiles } from "../../src/lock/catalog.ts";
import { compareLocks } from "../../src/lock/compare.ts";
import { findDrift } from "../../src/lock/verify.ts";
import {
  callContext,
  testConfig,
  type TestDatabase,
  testOnEach,
  type TestServer,
  testServers,
  until,
  withDatabase,
  withFiles,
} from "../harness.ts";

const schema = `
create schema shop;
grant usage on schema shop to public;
create type shop.kind as enum ('book', 'toy');
create domain shop.amount as numeric(10, 2) check (value >= 0);
create table shop.thing (
  id bigint primary key,
  name text not null,
  price shop.amount,
  kind shop.kind not null default 'book',
  note text
);
create table shop.part (thing_id bigint not null references shop.thing (id), part text not null);
create view shop.offer as
select thing.id, thing.name, thing.price from shop.thing as thing where thing.price is not null;
create function shop.taxed(price numeric) returns numeric language sql immutable return price * 1.2;
insert into shop.thing values (1, 'Atlas', 10.50, 'book', null), (2, 'Robot', 20, 'toy', 'blue');
grant select, insert, update on all tables in schema shop to public;`;

const files = {
  "shop/_module.sql": "-- title: Shop\n-- Things to sell.\n--\n-- @rows 50\n",
  "shop/get.sql": `-- name: get :one
-- title: Get a thing
-- One thing.
--
-- @param id  Its number

select thing.id, thing.name, thing.price, thing.kind
from shop.thing as thing
where thing.id = :id::bigint;
`,
  "shop/find.sql": `-- name: find :many
-- Things by kind.
--
-- @param kind?  Only these
-- @page id

select thing.id, thing.name, shop.taxed(thing.price) as taxed
from shop.thing as thing
where (:kind::shop.kind is null or thing.kind = :kind);
`,
  "shop/offers.sql": `-- name: offers :many
-- Things with a price.
--
-- @rows 10

select offer.id, offer.name
from shop.offer as offer;
`,
  "shop/rename.sql": `-- name: rename :unnest
-- New names.
--
-- @param id    Which
-- @param name  Its new name

update shop.thing as thing
set name = change.name
from unnest(:id::bigint[], :name::text[]) as change (id, name)
where thing.id = change.id
returning thing.id, thing.name;
`,
  "shop/load.sql": `-- name: load :copy
-- Loads parts.

copy shop.part (thing_id, part) from stdin (format csv);
`,
};

interface Locked {
  database: TestDatabase;
  directory: string;
  lock: Lock;
}

/** The shop's files with their lock, over a database of their own. */
async function withLocked(
  use: (locked: Locked) => Promise<void>,
  { server, own = {} }: { server?: TestServer; own?: Record<string, string> } = {},
): Promise<void> {
  await withDatabase(async (database) => {
    await database.sql.unsafe(schema);
    await withFiles({ ...files, ...own }, async (directory) => {
      await use({ database, directory, lock: await lockOf(database, directory, true) });
    });
  }, { isEmpty: true, ...(server === undefined ? {} : { server }) });
}

async function lockOf(database: TestDatabase, directory: string, isSaved = false): Promise<Lock> {
  const config = configOf(database, directory);
  const pools = openPools(config);
  try {
    const found = await checkFiles(config, pools.writer);
    assert.deepEqual(found.diagnostics, []);
    const lockFile = join(directory, "lock.json");
    const check = await checkLock(found, pools, lockFile);
    if (isSaved) await saveLock(check, lockFile);
    return check.lock;
  } finally {
    await Promise.all([pools.reader.close(), pools.writer.close()]);
  }
}

const configOf = ({ serverUrl }: TestDatabase, directory: string, more: Record<string, string> = {}) =>
  testConfig({ DATABASE_URL: serverUrl, SQLWRIGHT_SQL_DIR: directory, ...more });

async function driftOf({ database, directory, lock }: Locked): Promise<string[]> {
  const pools = openPools(configOf(database, directory));
  try {
    const limits = defaultLimits();
    const catalog = lockedCatalog(readLockedFiles(directory)!, { limits, defaultLimits: limits });
    const found = await pools.reader.withConnection(undefined, (each) => findDrift(each, lock, catalog));
    assert.deepEqual(found.unverified, []);
    return found.drifts.map(({ tools, message }) => `${tools.join(" ")}: ${message}`);
  } finally {
    await Promise.all([pools.reader.close(), pools.writer.close()]);
  }
}

testOnEach("what is served from the lock is what is served without it", async (server) => {
  await withLocked(async ({ database, directory }) => {
    const config = configOf(database, directory, { SQLWRIGHT_ROWS: "20" });
    const pools = openPools(config);
    const { catalog: plain } = await checkFiles(config, pools.writer);
    await Promise.all([pools.reader.close(), pools.writer.close()]);
    const log = createLog({ level: "error", write: () => {} });
    await withApplication(
      config,
      { log, startsFromLock: true },
      async ({ catalog, callTool, ready, instructions }) => {
        await ready;
        assert.equal(
          instructions(),
          "# Shop (shop_…)\n\nThings to sell.\n\n# Sources of loads\n\nThe path of a file below the source folder, " +
            "upload:<handle> of a file that was put to /uploads over HTTP or resource:<uri> of a resource of this server. " +
            "gzip is decompressed; a member of a zip archive is named as file.zip#member.",
        );
        assert.deepEqual([...catalog().tools.keys()], [...plain.tools.keys()]);
        for (const [name, tool] of catalog().tools) {
          const other = plain.tools.get(name)!;
          for (
            const key of [
              "title",
              "description",
              "kind",
              "annotations",
              "scopes",
              "limits",
              "plansEachCall",
            ] as const
          ) {
            assert.deepEqual(tool[key], other[key], `${name}.${key}`);
          }
          assert.deepEqual(tool.inputSchema, other.inputSchema, name);
          assert.deepEqual(tool.outputSchema, other.outputSchema, name);
          assert.deepEqual(
            tool.query.parsed.statements.map(({ text, parameterNames }) => [text, parameterNames]),
            other.query.parsed.statements.map(({ text, parameterNames }) => [text, parameterNames]),
          );
        }
        const call = async (name: string, args: Record<string, unknown>) =>
          (await callTool(name, args, callContext())).structured;
        assert.deepEqual(await call("shop_get", { id: 1 }), {
          row: { id: 1, name: "Atlas", price: "10.50", kind: "book" },
        });
        const first = await call("shop_find", { page_size: 1 });
        assert.deepEqual(first.rows, [{ id: 1, name: "Atlas", taxed: "12.600" }]);
        const second = await call("shop_find", { page_size: 1, cursor: first.next_cursor });
        assert.deepEqual(second.rows, [{ id: 2, name: "Robot", taxed: "24.000" }]);
        assert.deepEqual(await call("shop_rename", { rows: [{ id: 2, name: "Droid" }] }), {
          affected: 1,
          outcomes: { updated: 1, unchanged: 0, missing: 0 },
          row_outcomes: ["updated"],
          rows: [{ id: 2, name: "Droid" }],
        });
        assert.deepEqual(await call("shop_load", { rows: [{ thing_id: 1, part: "map" }] }), {
          copied: 1,
          inserted: 1,
          updated: 0,
          unchanged: 0,
          rejected: 0,
        });
        assert.equal((await callTool("shop_get", { id: "x" }, callContext())).isError, true);
      },
    );
  }, { server });
});

Deno.test("the lock is the same text on every version and in every database, and holds no OID", async () => {
  const texts: string[] = [];
  for (const server of testServers()) {
    await withLocked(({ lock }) => Promise.resolve(void texts.push(writeLock(lock))), { server });
    await withLocked(({ lock }) => Promise.resolve(void texts.push(writeLock(lock))), { server });
  }
  assert.equal(new Set(texts).size, 1);
  const lock = JSON.parse(texts[0]!);
  assert.deepEqual(Object.keys(lock), ["version", "modules", "tools", "types", "relations", "functions"]);
  assert.deepEqual(lock.relations["shop.offer"], {
    kind: "view",
    columns: { id: "bigint", name: "text" },
    from: { "shop.thing": ["id", "name", "price"] },
  });
  assert.equal(lock.relations["shop.thing"].columns.price, "shop.amount");
  assert.equal(lock.relations["shop.thing"].columns.note, undefined);
  assert.deepEqual(lock.functions, { "shop.taxed": ["(price numeric) returns numeric immutable"] });
  assert.deepEqual(lock.types["shop.kind"], { schema: "shop", enum: ["book", "toy"] });
  assert.doesNotMatch(texts[0]!, /oid/i);
});

Deno.test("a lock is not taken for other files than its own", async () => {
  await withLocked(async ({ directory }) => {
    const change = async (path: string, text: string | null) => {
      const file = `${directory}/${path}`;
      const before = await Deno.readTextFile(file).catch(() => null);
      if (text === null) await Deno.remove(file);
      else await Deno.writeTextFile(file, text);
      const taken = readLockedFiles(directory) !== null;
      if (before === null) await Deno.remove(file);
      else await Deno.writeTextFile(file, before);
      return taken;
    };
    assert.equal(await change("shop/README.md", "Notes"), true);
    assert.equal(await change("shop/_draft.sql", "select 1"), true);
    assert.equal(await change("shop/get.sql", `\uFEFF${files["shop/get.sql"]}`), true);
    assert.equal(await change("shop/get.sql", `${files["shop/get.sql"]} `), false);
    assert.equal(await change("shop/_module.sql", "-- title: Another shop\n"), false);
    assert.equal(await change("shop/offers.sql", null), false);
    assert.equal(await change("shop/new.sql", files["shop/get.sql"]), false);
    assert.equal(await change("shop/notes.txt", "Notes"), false);
    assert.equal(await change("stray.sql", "select 1"), false);
    assert.equal(await change("lock.json", "{"), false);
    assert.equal(await change("lock.json", '{"version": 2}'), false);
    await Deno.symlink(`${directory}/shop/get.sql`, `${directory}/shop/linked.sql`);
    assert.equal(readLockedFiles(directory), null);
  });
});

testOnEach("drift names the tools and what moved, and nothing else is drift", async (server) => {
  await withLocked(async (locked) => {
    const { sql } = locked.database;
    assert.deepEqual(await driftOf(locked), []);
    await sql.unsafe(
      `alter table shop.thing add column added_on date; alter table shop.thing alter column note set default 'x';
      create index on shop.thing (kind); create table shop.other (id int)`,
    );
    assert.deepEqual(await driftOf(locked), []);

    await sql.unsafe("alter table shop.thing alter column name drop not null");
    assert.deepEqual(await driftOf(locked), [
      "shop_find shop_get shop_offers shop_rename: the column shop.thing.name is text, and was text not null",
    ]);
    await sql.unsafe("alter table shop.thing alter column name set not null");

    await sql.unsafe("alter table shop.part rename column part to piece");
    assert.deepEqual(await driftOf(locked), ["shop_load: the column shop.part.part is gone"]);
    await sql.unsafe("alter table shop.part rename column piece to part");

    await sql.unsafe("alter type shop.kind add value 'game'");
    const kind = await driftOf(locked);
    assert.equal(kind.length, 2);
    assert.match(kind.join("\n"), /shop_find: the parameter kind has a type that has changed: shop.kind/);
    assert.match(kind.join("\n"), /shop_get: the column kind has a type that has changed: shop.kind/);
  }, { server });
});

testOnEach("drift sees functions, views and domains that have changed", async (server) => {
  await withLocked(async (locked) => {
    const { sql } = locked.database;
    await sql.unsafe("alter function shop.taxed(numeric) volatile");
    assert.deepEqual(await driftOf(locked), [
      "shop_find: the function shop.taxed is (price numeric) returns numeric volatile, and was (price numeric) returns numeric immutable",
    ]);
    await sql.unsafe("alter function shop.taxed(numeric) immutable");
    await sql.unsafe("drop view shop.offer");
    assert.deepEqual(await driftOf(locked), ["shop_offers: the view shop.offer is gone"]);
    await sql.unsafe(
      "create view shop.offer as select thing.id::int as id, thing.name from shop.thing as thing",
    );
    assert.deepEqual(await driftOf(locked), [
      "shop_offers: the column shop.offer.id is integer, and was bigint",
    ]);
  }, { server });
});

Deno.test("a server that started from the lock stops when the database is another one", async () => {
  await withLocked(async ({ database, directory }) => {
    await database.sql.unsafe("alter table shop.thing rename column name to title");
    const log = createLog({ level: "error", write: () => {} });
    const config = configOf(database, directory);
    await assert.rejects(
      withApplication(config, { log, startsFromLock: true }, () => new Promise(() => {})),
      (error: { code: string; message: string; details: { drift: unknown[] } }) => {
        assert.equal(error.code, "catalog.drifted");
        assert.match(
          error.message,
          /shop_find, shop_get, shop_offers and 1 more: the column shop\.thing\.name is gone/,
        );
        assert.ok(error.details.drift.length > 0);
        return true;
      },
    );
  });
});

testOnEach(
  "a table that is locked has not moved: the server goes on, and finds what moved later",
  async (server) => {
    await withLocked(async ({ database, directory }) => {
      const lines: { event: string; tools?: string[]; error?: { sqlstate: string } }[] = [];
      const log = createLog({ level: "debug", write: (line) => lines.push(JSON.parse(line)) });
      const blocker = await database.sql.reserve();
      try {
        await blocker.unsafe("begin; lock table shop.thing in access exclusive mode");
        const config = configOf(database, directory, { SQLWRIGHT_TIMEOUT: "1s" });
        const warned = () => lines.filter(({ event }) => event === "lock.unverified");
        const serving = withApplication(config, { log, startsFromLock: true }, async ({ catalog, ping }) => {
          await until("the warning", () => warned().length > 0);
          assert.equal(await ping(), null);
          assert.equal(catalog().tools.size, 5);
          await blocker.unsafe("alter table shop.thing rename column name to title; commit");
          return await new Promise<never>(() => {});
        });
        await assert.rejects(serving, (error: { code: string; message: string }) => {
          assert.equal(error.code, "catalog.drifted");
          assert.match(error.message, /the column shop\.thing\.name is gone/);
          return true;
        });
        assert.deepEqual(warned().map(({ tools }) => tools), [
          ["shop_find", "shop_get", "shop_offers", "shop_rename"],
        ]);
        assert.match(warned()[0]!.error!.sqlstate, /^(55P03|57014)$/);
      } finally {
        await blocker.unsafe("rollback");
        blocker.release();
      }
    }, { server });
  },
);

Deno.test("a schema that may not be used is told in one warning, and nothing has moved", async () => {
  await withLocked(async ({ database, directory }) => {
    const events: string[] = [];
    const log = createLog({ level: "debug", write: (line) => events.push(JSON.parse(line).event) });
    await database.sql.unsafe("revoke usage on schema shop from public");
    await withApplication(configOf(database, directory), { log, startsFromLock: true }, async () => {
      await until("the warning", () => events.includes("lock.unverified"));
      await database.sql.unsafe("grant usage on schema shop to public");
      await until("the second look", () => events.includes("lock.verified"));
    });
    assert.equal(events.filter((event) => event === "lock.unverified").length, 1);
  });
});

Deno.test("a null where the lock has none fails the call, not the client", async () => {
  const own = {
    "shop/name.sql":
      "-- name: name :one\n-- A name.\n--\n-- @param id  Which\n\nselect thing.name from shop.thing as thing where thing.id = :id::bigint;\n",
  };
  await withLocked(async ({ database, directory, lock }) => {
    assert.equal(lock.tools.shop_name!.columns[0]!.nullable, false);
    const log = createLog({ level: "error", write: () => {} });
    await withApplication(
      configOf(database, directory),
      { log, startsFromLock: true },
      async ({ callTool, ready }) => {
        await ready;
        await database.sql.unsafe(
          "alter table shop.thing alter column name drop not null; update shop.thing set name = null",
        );
        const result = await callTool("shop_name", { id: 1 }, callContext());
        assert.equal(result.isError, true);
        assert.match(result.text, /column \\"name\\" is never null by lock\.json, and came back null/);
      },
    );
  }, { own });
});

Deno.test("a change of a file or of the database is called by name, and breaking where it breaks callers", async () => {
  await withLocked(async ({ database, directory, lock: before }) => {
    const changesOf = async (file: string, text: string) => {
      const path = `${directory}/shop/${file}.sql`;
      const original = await Deno.readTextFile(path);
      await Deno.writeTextFile(path, text);
      const after = await lockOf(database, directory);
      await Deno.writeTextFile(path, original);
      return compareLocks(before, after).map(({ tool, message, isBreaking }) =>
        `${isBreaking ? "breaking" : "compatible"} ${tool}: ${message}`
      );
    };
    const get = files["shop/get.sql"];
    assert.deepEqual(await changesOf("get", get.replace("thing.price,", "thing.price as cost,")), [
      "breaking shop_get: column price was renamed to cost",
    ]);
    assert.deepEqual(await changesOf("get", get.replace("thing.price, ", "")), [
      "breaking shop_get: column price was removed",
    ]);
    assert.deepEqual(await changesOf("get", get.replace("thing.kind", "thing.kind, thing.note")), [
      "compatible shop_get: column note is new",
    ]);
    assert.deepEqual(await changesOf("get", get.replace("thing.price,", "thing.price::float8 as price,")), [
      "breaking shop_get: column price is number, and was string",
    ]);
    assert.deepEqual(await changesOf("get", get.replace("Its number", "Its number  {minimum: 1}")), [
      "breaking shop_get: parameter id has minimum 1, and had none",
    ]);
    assert.deepEqual(
      await changesOf(
        "get",
        get.replace("Its number\n", "Its number\n-- @param name  Its name\n").replace(
          "::bigint",
          "::bigint and thing.name = :'name'::text",
        ),
      ),
      ["breaking shop_get: parameter name is new and required"],
    );
    assert.deepEqual(await changesOf("get", get.replace("One thing.", "One thing of many.")), [
      "compatible shop_get: the file has changed, and its schemas have not",
    ]);
    assert.deepEqual(
      await changesOf(
        "find",
        files["shop/find.sql"].replace("kind?", "kind").replace(":kind::shop.kind is null or ", ""),
      ),
      [
        "breaking shop_find: parameter kind is never null now",
        "breaking shop_find: parameter kind is required now",
      ],
    );
    assert.deepEqual(
      compareLocks(before, { ...before, tools: { shop_get: before.tools.shop_get! } })
        .map(({ tool, message }) => `${tool}: ${message}`).slice(0, 1),
      ["shop_find: the tool was removed"],
    );
  });
});

Deno.test("a column that the database lets be null is named in the lock's review", async () => {
  await withLocked(async ({ database, directory, lock: before }) => {
    await database.sql.unsafe(
      "alter table shop.thing alter column kind drop not null; alter type shop.kind add value 'game'",
    );
    const changes = compareLocks(before, await lockOf(database, directory));
    assert.deepEqual(changes.filter(({ tool }) => tool === "shop_get"), [
      { tool: "shop_get", message: "column kind became nullable", isBreaking: true },
      { tool: "shop_get", message: 'column kind may be "game" now', isBreaking: true },
    ]);
    assert.deepEqual(changes.filter(({ tool }) => tool === "shop_find"), [
      { tool: "shop_find", message: 'parameter kind may be "game" now', isBreaking: false },
    ]);
  });
});

Deno.test("a narrower type beneath the schemas is named in the lock's review", async () => {
  await withLocked(async ({ database, directory, lock: before }) => {
    await database.sql.unsafe(`
      drop view shop.offer;
      alter table shop.thing alter column price type numeric(8, 1);
      create view shop.offer as select thing.id, thing.name, thing.price from shop.thing as thing;
      grant select on shop.offer to public;`);
    const changes = compareLocks(before, await lockOf(database, directory));
    assert.deepEqual(changes.filter(({ tool }) => tool === "shop_find"), [{
      tool: "shop_find",
      message: "shop.thing.price is numeric(8,1), and was shop.amount: its schemas have not changed",
      isBreaking: false,
    }]);
  });
});

Deno.test("optional filters are planned for the values of each call, and nothing else is", async () => {
  await withLocked(({ lock }) => {
    const each = Object.entries(lock.tools).filter(([, { plansEachCall }]) => plansEachCall).map(([name]) =>
      name
    );
    assert.deepEqual(each, ["shop_find"]);
    assert.equal(hasOptionalFilter({ nodeType: "SelectStmt", tree: {} }), false);
    return Promise.resolve();
  });
});

Deno.test("scopes of files and modules are in the lock, and to need another one breaks callers", async () => {
  const module = files["shop/_module.sql"] + "-- @scope shop:read\n";
  const load = files["shop/load.sql"].replace("parts.\n", "parts.\n--\n-- @scope shop:write  shop:admin\n");
  const own = { "shop/_module.sql": module, "shop/load.sql": load };
  await withLocked(async ({ database, directory, lock }) => {
    assert.deepEqual(lock.tools.shop_get!.scopes, ["shop:read"]);
    assert.deepEqual(
      lock.tools.shop_load!.scopes,
      ["shop:write", "shop:admin"],
      "a file's own take their place",
    );
    const limits = defaultLimits();
    const { tools } = lockedCatalog(readLockedFiles(directory)!, { limits, defaultLimits: limits });
    assert.deepEqual(tools.get("shop_get")!.scopes, ["shop:read"]);
    assert.deepEqual(tools.get("shop_load")!.scopes, ["shop:write", "shop:admin"]);

    await Deno.writeTextFile(`${directory}/shop/load.sql`, load.replace("shop:admin", "shop:owner"));
    const changed = compareLocks(lock, await lockOf(database, directory));
    assert.deepEqual(changed.map(({ tool, message, isBreaking }) => [tool, message, isBreaking]), [
      ["shop_load", "it needs the scope shop:owner now", true],
      ["shop_load", "it does not need the scope shop:admin any more", false],
    ]);
  }, { own });
});
