import assert from "node:assert/strict";
import type { TypedQuery } from "../../src/describe/model.ts";
import type { PoolConnection } from "../../src/postgres/pool.ts";
import { loadParser } from "../../src/query/parser/libpg_query.ts";
import { inDatabase, testOnEach, testServer, withDatabase } from "../harness.ts";
import { answerOf, openPool, type TestFile, typeFiles, withSchema } from "./typed_files.ts";

const schema = await Deno.readTextFile(new URL("../fixtures/nullability/schema.sql", import.meta.url));

const nullable = ({ columns }: TypedQuery): string =>
  columns.map(({ name, isNullable }) => `${name}${isNullable ? "?" : ""}`).join(" ");

async function columnsOf(
  connection: PoolConnection,
  sql: string,
  file: Partial<TestFile> = {},
): Promise<string> {
  const { typed, diagnostics } = await typeFiles(connection, [{ name: "q", sql, ...file }]);
  assert.deepEqual(diagnostics, []);
  return nullable(typed[0]!);
}

const files: TestFile[] = [
  { name: "one_table", sql: "select c.id, c.email, upper(c.name) as name from shop.customer as c" },
  {
    name: "joined",
    sql:
      "select c.id, p.id as purchase from shop.customer as c join shop.purchase as p on p.customer_id = c.id",
  },
  {
    name: "report",
    sql: "select json_build_object('id', c.id) as report from shop.customer as c",
    kind: "report",
  },
  {
    name: "returned",
    sql: "update shop.line as l set label = :label where l.position = 1 returning l.label, l.amount",
    kind: "exec",
    tags: ["@param label  Label"],
  },
  { name: "domain", sql: "select p.boxes from shop.purchase as p" },
];

testOnEach(
  "without the right to make temporary objects less is proven, and one warning says so",
  async (server) => {
    await withSchema(server, schema, async (connection, url) => {
      const name = new URL(url.replace(/^postgres(ql)?:/, "http:")).pathname.slice(1);
      await connection.script(`
      revoke temporary on database ${name} from public;
      grant usage on schema shop to sqlwright_server;
      grant select, update on all tables in schema shop to sqlwright_server`);
      await expectLess(
        inDatabase(server.serverUrl, name),
        {},
        /permission denied to create temporary tables/,
      );
    });
  },
);

testOnEach("a session that must not write degrades in the same way", async (server) => {
  await withSchema(server, schema, async (connection, url) => {
    // A role's setting is a default, which the start of the transaction overrules.
    const name = new URL(url.replace(/^postgres(ql)?:/, "http:")).pathname.slice(1);
    await connection.script(`alter database ${name} set default_transaction_read_only = on`);
    const pool = openPool(url);
    await pool.withConnection(undefined, async (readOnly) => {
      assert.equal(await columnsOf(readOnly, files[1]!.sql), "id purchase");
      const [{ setting } = {}] = await readOnly.rows(
        "select current_setting('transaction_read_only') as setting",
      );
      assert.equal(setting, "on");
    });
    await pool.close();
  });
});

async function expectLess(url: string, parameters: Record<string, string>, reason: RegExp): Promise<void> {
  const pool = openPool(url, parameters);
  try {
    await pool.withConnection(undefined, async (connection) => {
      const { typed, diagnostics } = await typeFiles(connection, files);
      assert.deepEqual(diagnostics.map(({ code, severity, path }) => [code, severity, path]), [
        ["tree-unavailable", "warning", "test/one_table.sql"],
      ]);
      assert.match(diagnostics[0]!.message, reason);
      assert.deepEqual(typed.map(nullable), [
        "id email? name?",
        "id? purchase?",
        "report?",
        "label amount?",
        "boxes?",
      ]);
      assert.equal(typed[2]!.columns[0]!.shape, undefined);
      // The connection is as it was.
      assert.deepEqual(await connection.rows("select 1 as one"), [{ one: "1" }]);
    });
  } finally {
    await pool.close();
  }
}

testOnEach(
  "the header overrules what is proven, and a ! against it is checked when the tool runs",
  async (server) => {
    await withSchema(server, schema, async (connection) => {
      const sql = "select c.id, c.email, c.name from shop.customer as c";
      const { typed } = await typeFiles(connection, [
        { name: "q", sql, tags: ["@column id?  Number", "@column email!  Address", "@column name!  Name"] },
      ]);
      assert.deepEqual(
        typed[0]!.columns.map(({ name, isNullable, isAsserted }) => [name, isNullable, isAsserted]),
        [["id", true, false], ["email", false, true], ["name", false, false]],
      );
      await connection.script(
        "insert into shop.customer (id, name, joined_on, tags) values (1, 'x', now(), '{}')",
      );
      await assert.rejects(
        answerOf(connection, typed[0]!),
        /column "email" is declared "email!", never null/,
      );
    });
  },
);

testOnEach("a :view file has the proof of its view's own tree", async (server) => {
  await withSchema(server, schema, async (connection) => {
    const definition =
      "select listed.id, listed.name, listed.total, counted.lines, coalesce(counted.lines, 0) as line_count " +
      "from shop.customer_purchase as listed left join shop.purchase_total as counted on counted.purchase_id = listed.purchase_id";
    const columns = await columnsOf(connection, `create or replace view shop.overview as ${definition}`, {
      name: "overview",
      kind: "view",
      tags: ["@order id"],
    });
    assert.equal(columns, "id name total? lines? line_count");
  });
});

testOnEach(
  "what a table enforces is known: children, rules, constraints that are not valid, computed columns",
  async (server) => {
    await withSchema(server, schema, async (connection) => {
      await connection.script(`
      create table shop.parent (id integer not null, name text not null);
      create table shop.child () inherits (shop.parent)`);
      assert.equal(await columnsOf(connection, "select p.id, p.name from shop.parent as p"), "id name");
      if (server.version < 18) {
        await connection.script("alter table shop.child alter column name drop not null");
        assert.equal(await columnsOf(connection, "select p.id, p.name from shop.parent as p"), "id name?");
        return;
      }
      await connection.script(`
      alter table shop.line add constraint amount_given not null amount not valid;
      create table shop.computed (id integer not null, double integer not null generated always as (id * 2) virtual)`);
      assert.equal(
        await columnsOf(connection, "select l.label, l.amount from shop.line as l"),
        "label amount?",
      );
      assert.equal(
        await columnsOf(connection, "select c.id, c.double from shop.computed as c"),
        "id double?",
      );
      await connection.script("alter table shop.line validate constraint amount_given");
      assert.equal(
        await columnsOf(connection, "select l.label, l.amount from shop.line as l"),
        "label amount",
      );
    });
  },
);

testOnEach("functions, operators and casts of the database's own prove nothing", async (server) => {
  await withSchema(server, schema, async (connection) => {
    await connection.script(`
      create function shop.lower(text) returns text language sql as $$ select null::text $$;
      create function shop.strict(integer) returns integer language sql strict as $$ select nullif($1, 1) $$;
      create function shop.add(integer, integer) returns integer language sql as $$ select null::integer $$;
      create operator shop.+ (leftarg = integer, rightarg = integer, function = shop.add)`);
    const sql =
      "select shop.lower(c.name) as a, shop.strict(c.id) as b, c.id operator(shop.+) 1 as d, c.email from shop.customer as c where shop.strict(length(c.email)) > 1";
    // A strict function of the database does prove what it was given.
    assert.equal(await columnsOf(connection, sql), "a? b? d? email");
  });
});

testOnEach("a CHECK that is not valid is no promise of an answer", async (server) => {
  await withSchema(server, schema, async (connection) => {
    await connection.script(`
      create domain shop.grade as integer;
      create table shop.graded (grade shop.grade not null);
      insert into shop.graded values (-1);
      alter domain shop.grade add constraint positive check (value > 0) not valid`);
    const sql = "select g.grade, json_build_object('grade', g.grade) as doc from shop.graded as g";
    const { typed } = await typeFiles(connection, [{ name: "q", sql }]);
    const { schema: output } = await answerOf(connection, typed[0]!);
    assert.ok(!JSON.stringify(output).includes("exclusiveMinimum"), JSON.stringify(output));
  });
});

Deno.test("one broken file costs only itself, and CALL has no tree", async () => {
  await withSchema(testServer(), schema, async (connection) => {
    await connection.script(
      "create procedure shop.tidy(inout n integer) language sql begin atomic select 1; end",
    );
    const { typed, diagnostics } = await typeFiles(connection, [
      { name: "right", sql: "select c.id from shop.customer as c" },
      { name: "wrong", sql: "select c.nope from shop.customer as c" },
      { name: "called", sql: "call shop.tidy(1)", kind: "exec" },
      { name: "also_right", sql: "select count(*) as n from shop.customer as c", kind: "value" },
    ]);
    assert.deepEqual(diagnostics.map(({ code, path }) => [code, path]), [[
      "postgres-42703",
      "test/wrong.sql",
    ]]);
    assert.deepEqual(typed.map(({ parsed }) => parsed.name), ["right", "called", "also_right"]);
    assert.deepEqual([typed[0]!, typed[2]!].map(nullable), ["id", "n"]);
  });
});

testOnEach("a hundred files are typed in well under three seconds", async (server) => {
  await loadParser();
  await withDatabase(async ({ serverUrl }) => {
    const pool = openPool(serverUrl);
    try {
      await pool.withConnection(undefined, async (connection) => {
        const sql =
          "select f.accession, f.form, h.value, json_build_object('item', h.item, 'company', to_json(c)) as doc " +
          "from edgar.filing as f join edgar.company as c on c.cik = f.cik left join edgar.annual_headline as h on h.cik = c.cik " +
          "and h.item = 'revenue' where f.cik = 320193 limit 5";
        const many = Array.from({ length: 100 }, (_, at) => ({ name: `q${at}`, sql: `${sql} offset ${at}` }));
        const started_ms = performance.now();
        const { typed, diagnostics } = await typeFiles(connection, many);
        const ms = performance.now() - started_ms;
        assert.deepEqual(diagnostics, []);
        assert.equal(typed.length, 100);
        assert.ok(ms < 3000, `${ms} ms`);
      });
    } finally {
      await pool.close();
    }
  }, { server });
});
