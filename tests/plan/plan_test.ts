/** What the planner and the catalogue say of query files: costs, tables read whole, privileges; and examples that do not hold. */

import assert from "node:assert/strict";
import { checkFiles, openPools } from "../../src/app.ts";
import { explainPlan, isPlanRefusal } from "../../src/plan/ask.ts";
import type { Diagnostic } from "../../src/query/diagnostic.ts";
import { proveFurther } from "../../src/check/check_tools.ts";
import { testConfig, type TestDatabase, testOnEach, withDatabase, withFiles } from "../harness.ts";

const schema = `
create schema shop;
grant usage on schema shop to public;
create table shop.visit (id bigint primary key, page text not null, seen_on date not null, note text);
insert into shop.visit select number, 'page ' || number % 100, date '2025-01-01' + (number % 365)::int, null
from generate_series(1, 12000) as number;
create table shop.page (page text primary key, title text);
insert into shop.page values ('page 1', 'One');
create table shop.secret (id int primary key);
create table shop.vault (id int primary key);
grant select on shop.visit, shop.page to public;
analyze shop.visit, shop.page;
create role plan_reader_ROLE;
create role plan_other_ROLE;
grant plan_reader_ROLE to sqlwright_server;
grant select on shop.secret to plan_reader_ROLE;`;

const file = (name: string, kind: string, header: string, sql: string) => ({
  [`shop/${name}.sql`]: `-- name: ${name} :${kind}\n-- Tells.\n--\n${header}\n\n${sql}\n`,
});

/** Diagnostics as `path:line:column code message`. */
async function diagnose(
  { serverUrl }: TestDatabase,
  files: Record<string, string>,
  { isWhole = true, largeTable_rows }: { isWhole?: boolean; largeTable_rows?: number } = {},
): Promise<Diagnostic[]> {
  return await withFiles(files, async (directory) => {
    const config = testConfig({ DATABASE_URL: serverUrl, SQLWRIGHT_SQL_DIR: directory });
    const pools = openPools(config);
    try {
      const { catalog, diagnostics } = await checkFiles(config, pools.writer);
      if (!isWhole) return diagnostics;
      const options = largeTable_rows === undefined ? {} : { largeTable_rows };
      const further = await pools.writer.withConnection(
        undefined,
        (connection) => {
          const tools = [...catalog.tools.values()];
          return proveFurther(
            connection,
            { tools, queries: tools.map(({ query }) => query.parsed) },
            options,
          );
        },
      );
      return [...diagnostics, ...further.diagnostics];
    } finally {
      await Promise.all([pools.reader.close(), pools.writer.close()]);
    }
  });
}

async function withShop(
  use: (database: TestDatabase, role: (name: string) => string) => Promise<void>,
  server: Parameters<Parameters<typeof testOnEach>[1]>[0],
) {
  await withDatabase(async (database) => {
    const suffix = database.name;
    const role = (name: string) => `plan_${name}_${suffix}`;
    await database.sql.unsafe(schema.replaceAll("ROLE", suffix));
    try {
      await use(database, role);
    } finally {
      await database.sql.unsafe(
        `drop owned by ${role("reader")}; drop role ${role("reader")}, ${role("other")}`,
      );
    }
  }, { isEmpty: true, server });
}

const shown = (diagnostics: Diagnostic[]) =>
  diagnostics.map(({ severity, code, path, line, column }) =>
    `${severity} ${code} ${path}:${line}:${column}`
  );

testOnEach("a plan over @max-cost is refused at its place, by the start too", async (server) => {
  await withShop(async (database) => {
    const count = (ceiling: string) =>
      file(
        "visits",
        "value",
        `-- @max-cost ${ceiling}`,
        "select count(*) as visits\nfrom shop.visit as visit;",
      );
    const [found] = await diagnose(database, count("100"), { isWhole: false });
    assert.deepEqual(shown([found!]), ["error over-cost shop/visits.sql:4:4"]);
    assert.match(found!.message, /^The plan costs \d+, more than the ceiling of 100$/);
    assert.deepEqual(await diagnose(database, count("100000"), { isWhole: false }), []);
    const allowed = file(
      "visits",
      "value",
      "-- @max-cost 1\n-- @allow over-cost  small for now",
      "select count(*) as visits\nfrom shop.visit as visit;",
    );
    assert.deepEqual(await diagnose(database, allowed, { isWhole: false }), []);
    const page = file(
      "pages",
      "many",
      "-- @page id\n-- @max-cost 20",
      "select visit.id, visit.page from shop.visit as visit",
    );
    assert.deepEqual(
      shown(await diagnose(database, page, { isWhole: false })),
      [],
      "a page reads its first rows alone",
    );
  }, server);
});

testOnEach("a large table that is read whole is a warning with the index that is missing", async (server) => {
  await withShop(async (database) => {
    const found = await diagnose(database, {
      ...file(
        "by_page",
        "many",
        "-- @param page  Which\n-- @param since  From\n-- @rows 10",
        [
          "select visit.id",
          "from shop.visit as visit",
          "where visit.seen_on >= :since::date and visit.page = :'page'::text;",
        ].join("\n"),
      ),
      ...file(
        "by_id",
        "one",
        "-- @param id  Which",
        "select visit.page from shop.visit as visit where visit.id = :id::bigint;",
      ),
      ...file(
        "small",
        "many",
        "-- @rows 10",
        "select page.page from shop.page as page where page.title = 'One';",
      ),
      ...file("first", "many", "", "select visit.id from shop.visit as visit limit 5;"),
      ...file(
        "like",
        "many",
        "-- @param part  A part\n-- @rows 10",
        "select visit.id from shop.visit as visit where visit.page ilike '%' || :'part' || '%';",
      ),
      ...file(
        "allowed",
        "value",
        "-- @allow seq-scan  counts all",
        "select count(*) as visits from shop.visit as visit;",
      ),
    });
    assert.deepEqual(shown(found).toSorted(), [
      "warning seq-scan shop/by_page.sql:9:6",
      "warning seq-scan shop/like.sql:7:22",
    ]);
    const [byPage, like] = found.toSorted((one, other) => one.path < other.path ? -1 : 1);
    assert.equal(byPage!.message, "All 12,000 rows of shop.visit are read to find rows by page, seen_on");
    assert.equal(
      byPage!.hint,
      "An index could serve it, made by postgres, who owns the table: create index on shop.visit (page, seen_on)",
    );
    assert.match(like!.hint!, /using gin \(page gin_trgm_ops\)/);
    await database.sql.unsafe("create index on shop.visit (page, seen_on)");
    const byPageOnly = file(
      "by_page",
      "many",
      "-- @param page  Which\n-- @rows 10",
      "select visit.id from shop.visit as visit where visit.page = :'page'::text;",
    );
    assert.deepEqual(await diagnose(database, byPageOnly), []);
    assert.deepEqual(
      shown(
        await diagnose(
          database,
          file("small", "value", "", "select count(*) as pages from shop.page as page;"),
          { largeTable_rows: 1 },
        ),
      ),
      [
        "warning seq-scan shop/small.sql:6:31",
      ],
    );
  }, server);
});

testOnEach("optional filters are judged by the plans of the examples", async (server) => {
  await withShop(async (database) => {
    await database.sql.unsafe("create index on shop.visit (page)");
    const visits = (example: string) =>
      file(
        "visits",
        "many",
        `-- @param page?  Which\n-- @rows 10\n-- @example one  ${example}  => rows >= 0`,
        "select visit.id from shop.visit as visit where (:page::text is null or visit.page = :page);",
      );
    assert.deepEqual(await diagnose(database, visits("{page: page 1}")), []);
    assert.deepEqual(shown(await diagnose(database, visits("{}"))), [
      "warning seq-scan shop/visits.sql:8:22",
    ]);
  }, server);
});

testOnEach("a missing privilege is told at the relation, with the GRANT that it takes", async (server) => {
  await withShop(async (database, role) => {
    const secret = (header: string) =>
      file("secret", "many", `${header}-- @rows 5`, "select secret.id\nfrom shop.secret as secret;");
    const vault = file("secret", "many", "-- @rows 5", "select vault.id\nfrom shop.vault as vault;");
    const [missing] = await diagnose(database, vault);
    assert.deepEqual(shown([missing!]), ["error privilege-missing shop/secret.sql:7:6"]);
    assert.equal(missing!.message, 'The role "sqlwright_server" has no select on shop.vault (id)');
    assert.equal(missing!.hint, "grant select (id) on shop.vault to sqlwright_server");
    assert.deepEqual(await diagnose(database, secret(`-- @role ${role("reader")}\n`)), []);
    const [foreign] = await diagnose(
      database,
      file(
        "page",
        "many",
        `-- @rows 5\n-- @role ${role("other")}`,
        "select page.page from shop.page as page;",
      ),
    );
    assert.deepEqual(shown([foreign!]), ["error privilege-missing shop/page.sql:5:4"]);
    const [write] = await diagnose(
      database,
      file("add", "exec", "-- @param page  New", "insert into shop.page (page) values (:'page');"),
    );
    assert.equal(write!.message, 'The role "sqlwright_server" has no insert on shop.page (page)');
    await database.sql.unsafe(
      "create function shop.hidden() returns int language sql stable return 1; revoke execute on function shop.hidden() from public",
    );
    const [call] = await diagnose(database, file("hidden", "value", "", "select shop.hidden() as hidden;"));
    assert.equal(call!.code, "privilege-missing");
    assert.match(call!.message, /no execute on function shop\.hidden/);
  }, server);
});

testOnEach("an example with arguments that its own tool refuses fails at its place", async (server) => {
  await withShop(async (database) => {
    const found = await diagnose(
      database,
      file(
        "visit",
        "one",
        "-- @param id  Which  {minimum: 1}\n-- @example low  {id: 0}  => null\n-- @example typo  {di: 1}  => null\n-- @example shown  {id: 0}  => error argument.invalid\n-- @example right  {id: 1}  => {row: {page: page 1}}",
        "select visit.page from shop.visit as visit where visit.id = :id::bigint;",
      ),
    );
    assert.deepEqual(shown(found), [
      "error example-fails shop/visit.sql:5:13",
      "error example-fails shop/visit.sql:6:13",
    ]);
    assert.equal(found[0]!.message, 'The example "low" is refused: "id" must be at least 1, found 0');
    assert.match(found[1]!.message, /"di" is unknown/);
  }, server);
});

testOnEach("a plan is made without running the statement, and leaves nothing behind", async (server) => {
  await withShop(async (database) => {
    const pools = openPools(testConfig({ DATABASE_URL: database.serverUrl }));
    try {
      await pools.writer.withConnection(undefined, async (connection) => {
        const request = {
          text: "select visit.id from shop.visit as visit where visit.id = $1",
          parameterCount: 1,
          role: null,
        };
        for (const values of [null, ["7"], null]) {
          const answer = await explainPlan(connection, { ...request, values }) as { Plan: object }[];
          assert.ok(answer[0]!.Plan, JSON.stringify(answer));
        }
        const refused = await explainPlan(connection, {
          ...request,
          text: "select 1 +",
          parameterCount: 0,
          values: null,
        });
        assert.ok(isPlanRefusal(refused));
        const rows = await connection.rows(
          "select count(*)::text as open from pg_prepared_statements where name = 'sqlwright_plan'",
        );
        assert.equal(rows[0]!.open, "0");
      });
    } finally {
      await Promise.all([pools.reader.close(), pools.writer.close()]);
    }
  }, server);
});
