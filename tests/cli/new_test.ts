/** `new`: a file of any kind that passes `check` as it is, over any table; nothing is overwritten. */

import assert from "node:assert/strict";
import { UsageError } from "../../src/cli/console/console.ts";
import { makeFile } from "../../src/cli/files/new.ts";
import { type Kind, kinds } from "../../src/query/model.ts";
import { testConfig, testOnEach, withDatabase, withFiles } from "../harness.ts";
import { makeShop, nowhere, run } from "./command.ts";

const freeKinds = ["many", "one", "value", "report"];

/** Each makes something hard: keys of several columns, odd names, columns that cannot be written or compared, no key at all. */
const oddTables = `
  create schema odd;
  create domain odd.code as text not null check (value ~ '^[A-Z]+$');
  create table odd.plain (id bigint generated always as identity primary key, name text not null, made_at timestamptz default now());
  create table odd."Order" ("User" text, "select" integer, "two words" numeric(10, 2), payload json, tags text[], primary key ("select", "User"));
  comment on column odd."Order"."two words" is 'An odd   name,
    {with} everything';
  create table odd.keyless (a integer, b jsonb, c point, cursor text, page_size integer, rows text);
  create table odd.reserved (source text primary key, rows integer, cursor uuid, code odd.code, fixed char(3), flag boolean);
  create table odd.computed (id integer primary key, doubled integer generated always as (id * 2) stored, note varchar(40) not null default '');
  create table odd.only_key (id uuid primary key);
  create table odd.split (id integer, day date, primary key (id, day)) partition by range (day);
  create view odd.seen as select plain.id, plain.name from odd.plain as plain;
`;

Deno.test("without a table every reading kind is a file that passes check and its own examples", async () => {
  await using shop = await makeShop();
  await withFiles({}, async (sql) => {
    for (const kind of freeKinds) {
      // No database is asked for.
      const { code, stdout, stderr } = await run(["new", `demo/free_${kind}`, "--kind", kind, "--sql", sql], {
        databaseUrl: nowhere,
      });
      assert.equal(code, 0, stderr);
      assert.ok(stdout.endsWith(`${sql}/demo/free_${kind}.sql\n`), stdout);
      assert.match(stderr, /^Next:\n {2}edit [\s\S]*sqlwright check[\s\S]*sqlwright test/m);
    }
    assert.match(await Deno.readTextFile(`${sql}/demo/_module.sql`), /^-- title: Demo\n-- /);
    const options = { databaseUrl: shop.url, sql };
    const checked = await run(["check"], options);
    assert.equal(checked.code, 0, checked.stdout);
    assert.match(checked.stdout, /✓ 5 files · /);
    const tested = await run(["test", `${sql}/demo`], options);
    assert.equal(tested.code, 0, tested.stdout);
    assert.match(tested.stdout, /✓ 5 passed, 0 failed/);
  });
});

testOnEach(
  "over any table every kind is a file that passes check, or is refused with the reason",
  (server) =>
    withDatabase(async ({ ownerUrl, sql: owner }) => {
      await owner.unsafe(oddTables);
      await owner.unsafe(
        "alter schema odd owner to sqlwright_owner; grant usage on schema odd to sqlwright_server, sqlwright_owner",
      );
      await owner.unsafe("grant all on all tables in schema odd to sqlwright_server, sqlwright_owner");
      const tables = [
        ...await owner`
        select format('%I.%I', namespace.nspname, relation.relname) as name
        from pg_class as relation
        join pg_namespace as namespace on namespace.oid = relation.relnamespace
        where namespace.nspname in ('odd', 'edgar') and relation.relkind in ('r', 'p', 'v') and not relation.relispartition
        order by 1`,
      ].map(({ name }) => String(name));
      assert.ok(tables.length >= 16);
      await withFiles({}, async (sql) => {
        const refused: string[] = [];
        for (const [index, table] of tables.entries()) {
          for (const kind of kinds) {
            const refusal = await refusalOf(sql, `made/${kind}_${index}`, { kind, table, url: ownerUrl });
            if (refusal !== null) refused.push(`${kind} ${table}: ${refusal}`);
          }
        }
        for (const refusal of refused) {
          assert.match(
            refusal,
            /^view .*: A :view is paged in the order of a key|^(exec|unnest|copy|view) \S+: a :\w+ cannot be of/,
          );
        }
        assert.ok(refused.every((refusal) => !/^(many|one|value|report) /.test(refusal)));
        const migrated = await run(["migrate"], { databaseUrl: ownerUrl, sql });
        assert.equal(migrated.code, 0, migrated.stderr);
        const { code, stdout } = await run(["check"], { databaseUrl: ownerUrl, sql });
        assert.equal(code, 0, stdout);
        assert.match(stdout, /✓ \d{2,3} files/);
      });
    }, { server }),
);

Deno.test("a table's columns, key and comments are in the file", () =>
  withDatabase(({ serverUrl }) =>
    withFiles({}, async (sql) => {
      const options = { databaseUrl: serverUrl, sql };
      const { code, stderr } = await run([
        "new",
        "ops/set_form.sql",
        "--kind",
        "exec",
        "--table",
        "edgar.filing",
      ], options);
      assert.equal(code, 0, stderr);
      assert.equal(
        await Deno.readTextFile(`${sql}/ops/set_form.sql`),
        `-- name: set_form :exec
-- title: Set form
-- Sets form of one row of edgar.filing. Answers what changed: nothing when the row is unknown or is so already.
--
-- @param accession   Accession number: the source to cite.
-- @param cik         SEC company number.
-- @param form        The new form
-- @hint idempotent

update edgar.filing as filing
set form = :form::text
where filing.accession = :accession::edgar.accession
  and filing.cik = :cik::edgar.cik
  and filing.form is distinct from :form::text
returning filing.accession, filing.cik, filing.form;
`,
      );
      const paged = await run([
        "new",
        `${sql}/ops/filings`,
        "--kind",
        "many",
        "--table",
        "edgar.filing",
        "--json",
      ], options);
      const report = JSON.parse(paged.stdout);
      assert.deepEqual([report.tool, report.kind, report.files], ["ops_filings", "many", [
        `${sql}/ops/filings.sql`,
      ]]);
      assert.match(await Deno.readTextFile(`${sql}/ops/filings.sql`), /^-- @page accession, cik$/m);
      const viewed = await run(
        ["new", "ops/annual_headline", "--kind", "view", "--table", "edgar.filing"],
        options,
      );
      assert.equal(viewed.code, 2);
      assert.match(
        viewed.stderr,
        /edgar\.annual_headline is there already, and the view would take its name/,
      );
    })
  ));

Deno.test("new refuses what it must: a file that is there, a wrong path, kind or table; each with what to do", async () => {
  await using shop = await makeShop();
  await withFiles({ "shop/mine.sql": "-- mine\n" }, async (sql) => {
    const options = { databaseUrl: shop.url, sql };
    const cases: [string[], RegExp][] = [
      [
        ["shop/mine", "--kind", "value"],
        /mine\.sql" is there already\n {2}help: Edit it, or choose another name/,
      ],
      [["mine", "--kind", "value"], /"mine" is not MODULE\/NAME\n {2}help: .*edgar\/list_filings/],
      [["shop/../../mine", "--kind", "value"], /is not MODULE\/NAME/],
      [["Shop/mine", "--kind", "value"], /is not MODULE\/NAME/],
      [["shop/a/b", "--kind", "value"], /is not MODULE\/NAME/],
      [[`shop/${"long_".repeat(12)}`, "--kind", "value"], /more than 64 characters/],
      [["shop/two"], /required option "--kind <kind>" not specified/],
      [["shop/two", "--kind", "table"], /Allowed choices are many, one, value, report/],
      [
        ["shop/two", "--kind", "copy"],
        /a :copy works on a table: write --table schema\.table\n {2}help: Tables are shop\.thing$/m,
      ],
      [
        ["shop/two", "--kind", "view", "--table", "shop.thin"],
        /there is no table "shop\.thin"\n {2}help: Did you mean "shop\.thing"\?/,
      ],
      [
        ["shop/two", "--kind", "view", "--table", "thing"],
        /there is no table "thing"\n {2}help: .*Tables are shop\.thing/,
      ],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await run(["new", ...args], options);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, message);
    }
    assert.equal(await Deno.readTextFile(`${sql}/shop/mine.sql`), "-- mine\n");
    assert.deepEqual(await Array.fromAsync(Deno.readDir(`${sql}/shop`), ({ name }) => name), ["mine.sql"]);
  });
});

/** Null when the file was made, else why not. */
async function refusalOf(
  sql: string,
  path: string,
  { kind, table, url }: { kind: Kind; table: string; url: string },
): Promise<string | null> {
  try {
    await makeFile(path, testConfig({ DATABASE_URL: url, SQLWRIGHT_SQL_DIR: sql }), { kind, table });
    return null;
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}
