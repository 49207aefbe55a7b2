/** Mode collect, rows that only the merge refuses: each is told with its line and reason, and all others load. */

import assert from "node:assert/strict";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";
import { readRejects } from "../../src/mcp/resources.ts";
import { callContext, testServers, until, withDatabase, withTestApplication } from "../harness.ts";
import { gzipped, type LoadAnswer, type Loading, testLoading } from "./loading.ts";

const collect = { mode: "collect" };
const told = (answer: LoadAnswer) =>
  (answer.rejects?.first ?? []).map(({ line, column, value, sqlstate }) => [line, column, value, sqlstate]);

const schema = `
  create extension if not exists btree_gist;
  create schema yard;
  create table yard.maker (id integer primary key, name text not null);
  create table yard.tool (
    id integer primary key,
    maker_id integer not null constraint fk_tool_maker references yard.maker (id),
    code text constraint unique_tool_code unique,
    price numeric(8, 2) constraint check_tool_price check (price >= 0),
    label varchar(10),
    used tstzrange,
    constraint exclude_tool_used exclude using gist (used with &&)
  );
  create table yard.node (
    id integer primary key,
    parent_id integer constraint fk_node_parent references yard.node (id)
  );
  create table yard.late (
    id integer primary key,
    maker_id integer constraint fk_late_maker references yard.maker (id) deferrable initially deferred,
    place integer constraint unique_late_place unique deferrable initially deferred
  );
  create table yard.total (name text primary key, amount integer constraint check_total_amount check (amount >= 0));
  insert into yard.maker (id, name) values (1, 'Ada'), (2, 'Bob');
  grant usage on schema yard to sqlwright_server;
  grant select, insert, update, delete, truncate on all tables in schema yard to sqlwright_server;
`;

const copyFile = (name: string, ...statements: string[]) =>
  `-- name: ${name} :copy
-- Loads ${name}.

${statements.join("\n\n")}
`;
const stagedTools =
  "create temporary table incoming (id integer, maker_id integer, code text, price text, label text, used text) on commit drop;";
const copyTools =
  "copy incoming (id, maker_id, code, price, label, used) from stdin (format csv, header match);";
const insertTools = `insert into yard.tool as tool (id, maker_id, code, price, label, used)
select incoming.id, incoming.maker_id, incoming.code, incoming.price::numeric, incoming.label, incoming.used::tstzrange
from incoming`;

const files: Record<string, string> = {
  "yard/tools.sql": copyFile(
    "tools",
    stagedTools,
    copyTools,
    `${insertTools}
on conflict (id) do update
set code = excluded.code, price = excluded.price, label = excluded.label, maker_id = excluded.maker_id;`,
  ),
  "yard/new_tools.sql": copyFile("new_tools", stagedTools, copyTools, `${insertTools};`),
  "yard/nodes.sql": copyFile(
    "nodes",
    "create temporary table incoming (like yard.node) on commit drop;",
    "copy incoming (id, parent_id) from stdin (format csv, header match);",
    "insert into yard.node as node (id, parent_id) select incoming.id, incoming.parent_id from incoming;",
  ),
  "yard/late.sql": copyFile(
    "late",
    "create temporary table incoming (like yard.late) on commit drop;",
    "copy incoming (id, maker_id, place) from stdin (format csv, header match);",
    "insert into yard.late as late (id, maker_id, place) select incoming.id, incoming.maker_id, incoming.place from incoming;",
  ),
  // Two statements in order, the first brings parents of the second; and an update of the staging table itself.
  "yard/stock.sql": copyFile(
    "stock",
    "create temporary table incoming (maker_id integer, maker_name text, id integer, price numeric) on commit drop;",
    "copy incoming (maker_id, maker_name, id, price) from stdin (format csv, header match);",
    "update incoming set maker_name = null where incoming.maker_name = '-';",
    `insert into yard.maker as maker (id, name)
select distinct on (incoming.maker_id) incoming.maker_id, incoming.maker_name
from incoming
order by incoming.maker_id
on conflict (id) do nothing;`,
    `insert into yard.tool as tool (id, maker_id, price)
select incoming.id, incoming.maker_id, incoming.price
from incoming
on conflict (id) do update set price = excluded.price, maker_id = excluded.maker_id;`,
  ),
  "yard/current.sql": copyFile(
    "current",
    stagedTools,
    copyTools,
    `${insertTools}
on conflict (id) do nothing;`,
    `delete from yard.tool as tool where not exists (select from incoming where incoming.id = tool.id);`,
  ),
  "yard/totals.sql": copyFile(
    "totals",
    "create temporary table incoming (name text, amount integer) on commit drop;",
    "copy incoming (name, amount) from stdin (format csv, header match);",
    `insert into yard.total as total (name, amount)
select incoming.name, sum(incoming.amount)
from incoming
group by incoming.name
on conflict (name) do update set amount = excluded.amount;`,
  ),
  // What the staging table is like: a key, an index of its own, star.
  "yard/whole.sql": `-- name: whole :copy
-- Loads through a staging table that is like the target.
--
-- @allow select-star  The test reads all columns.

create temporary table incoming (like yard.tool including all) on commit drop;

copy incoming (id, maker_id, code, price, label) from stdin (format csv, header match);

create index on incoming (code);

analyze incoming;

insert into yard.tool select * from incoming;
`,
  "yard/paused.sql": `-- name: paused :copy
-- Merges part by part for long.
--
-- @timeout 1s
-- @allow forbidden  Each merge takes a while.

create temporary table incoming (like yard.tool) on commit drop;

copy incoming (id, maker_id, price) from stdin (format csv, header match);

select pg_sleep(0.15);

insert into yard.tool as tool (id, maker_id, price)
select incoming.id, incoming.maker_id, incoming.price from incoming;
`,
  "yard/slow.sql": `-- name: slow :copy
-- Merges slowly.
--
-- @allow forbidden  The test cancels it.

create temporary table incoming (like yard.node) on commit drop;

copy incoming (id, parent_id) from stdin (format csv, header match);

insert into yard.node as node (id, parent_id)
select incoming.id, incoming.parent_id from incoming, lateral pg_sleep(0.002 + 0 * incoming.id);
`,
};

const test = (name: string, run: (loading: Loading) => Promise<void>) =>
  testLoading(name, run, { schema, files });
const tools = (...lines: string[]) => `id,maker_id,code,price,label,used\n${lines.join("\n")}\n`;

test("each kind of refusal by the target becomes a reject with line, column, value and reason", async ({ load, write, sql, application }) => {
  await sql`insert into yard.tool (id, maker_id, code) values (99, 1, 'taken')`;
  const source = await write(
    "a.csv",
    tools(
      "1,1,a,1,one,",
      "2,7,b,1,no maker,",
      "3,1,c,-1,below,",
      "4,,d,1,no id,",
      "5,1,e,much,cast,",
      "6,1,f,1,much too long,",
      "7,1,taken,1,code,",
      '8,2,"h\nh",1,eight,"[2025-01-01,2025-02-01)"',
      '9,2,i,1,nine,"[2025-01-15,2025-03-01)"',
      "x,2,j,1,copy,",
      "10,2,k,99999999,large,",
      "11,2,l,1,last,",
    ),
  );
  const answer = await load("yard_tools", { source, options: collect });
  assert.deepEqual(told(answer), [
    [3, "maker_id", "7", "23503"],
    [4, "price", "-1", "23514"],
    [5, "maker_id", null, "23502"],
    [6, null, null, "22P02"],
    [7, null, null, "22001"],
    [8, "code", "taken", "23505"],
    [11, "used", "[2025-01-15,2025-03-01)", "23P01"],
    [12, "id", "x", "22P02"],
    [13, null, null, "22003"],
  ]);
  const { copied, inserted, updated, unchanged, affected, rejected } = answer;
  assert.deepEqual({ copied, inserted, updated, unchanged, affected, rejected }, {
    copied: 3,
    inserted: 3,
    updated: 0,
    unchanged: 0,
    affected: 3,
    rejected: 9,
  });
  assert.match(answer.rejects!.first[1]!.reason, /violates check constraint "check_tool_price"$/);
  assert.match(answer.rejects!.first[0]!.reason, /violates foreign key constraint "fk_tool_maker"$/);
  assert.deepEqual((await sql`select id from yard.tool order by id`).map(({ id }) => id), [1, 8, 11, 99]);
  const kept = await sql`select line::int, record from sqlwright.load_reject order by number`;
  assert.deepEqual(kept.map(({ line, record }) => [line, record]).slice(0, 4), [
    [3, "2,7,b,1,no maker,"],
    [4, "3,1,c,-1,below,"],
    [5, "4,,d,1,no id,"],
    [6, "5,1,e,much,cast,"],
  ]);
  const resource = JSON.parse((await readRejects(application, answer.rejects!.resource!))!.text);
  assert.deepEqual([resource.count, resource.rejects.length, resource.rejects[6].line], [9, 9, 11]);
});

test("of rows that break a key together the later one is the reject, in one statement as across many rows", async ({ load, write, sql }) => {
  const lines = Array.from({ length: 400 }, (_, index) => `${index},1,c${index},1,n,`);
  lines[300] = "300,1,c7,1,same code,";
  lines[350] = "20,1,new,1,same id,";
  lines[351] = "20,1,newer,1,same id,";
  const source = await write("a.csv", tools(...lines));
  const updates = await load("yard_tools", { source, options: collect });
  assert.deepEqual(told(updates), [
    [302, "code", "c7", "23505"],
    [352, null, null, "21000"],
    [353, null, null, "21000"],
  ]);
  assert.deepEqual([updates.copied, updates.inserted], [397, 397]);
  const [kept] = await sql`select code from yard.tool where id = 20`;
  assert.equal(kept!.code, "c20");
  await sql`truncate yard.tool`;
  const inserts = await load("yard_new_tools", { source, options: collect });
  assert.deepEqual(told(inserts), [
    [302, "code", "c7", "23505"],
    [352, "id", "20", "23505"],
    [353, "id", "20", "23505"],
  ]);
});

test("a row whose parent comes with the file, before or behind it, is good; one without a parent is not", async ({ load, write, sql }) => {
  // Each node under the next one, so that all parents come later; a few hang on nothing, and what hangs on them goes with them.
  const lines = Array.from({ length: 200 }, (_, index) => `${index},${index === 199 ? "" : index + 1}`);
  lines[100] = "100,4711";
  lines[150] = "150,4712";
  const source = await write("a.csv", `id,parent_id\n${lines.join("\n")}\n`);
  const answer = await load("yard_nodes", { source, options: collect });
  assert.deepEqual([answer.copied, answer.rejected], [49, 151]);
  assert.equal((await sql`select count(*)::int as n from yard.node where id > 150`)[0]!.n, 49);
  await sql`truncate yard.node`;
  const tree = Array.from(
    { length: 300 },
    (_, index) => `${index},${index === 0 ? "" : Math.floor(index / 2)}`,
  );
  // A pair that needs each other, and one bad row.
  tree.push("900,901", "901,900", "902,4711");
  const second = await load("yard_nodes", {
    source: await write("b.csv", `id,parent_id\n${tree.toReversed().join("\n")}\n`),
    options: collect,
  });
  assert.deepEqual(told(second), [[2, "parent_id", "4711", "23503"]]);
  assert.deepEqual([second.copied, second.inserted], [302, 302]);
});

test("deferred constraints are found before the commit", async ({ load, write, sql }) => {
  const answer = await load("yard_late", {
    source: await write("a.csv", "id,maker_id,place\n1,1,1\n2,8,2\n3,2,1\n4,1,4\n"),
    options: collect,
  });
  assert.deepEqual(told(answer), [[3, "maker_id", "8", "23503"], [4, "place", "1", "23505"]]);
  assert.deepEqual((await sql`select id from yard.late order by id`).map(({ id }) => id), [1, 4]);
});

test("several statements hold their order, and the counts are those of the last run alone", async ({ load, write, sql }) => {
  await sql`insert into yard.tool (id, maker_id, price) values (1, 1, 1), (2, 1, 2)`;
  const answer = await load("yard_stock", {
    source: await write(
      "a.csv",
      "maker_id,maker_name,id,price\n1,Ada,1,5\n50,Eve,10,1\n51,-,11,1\n50,Eve,12,-1\n52,Fay,13,1\n1,Ada,2,2\n",
    ),
    options: collect,
  });
  assert.deepEqual(
    told(answer),
    [[4, null, null, "23502"], [5, "price", "-1", "23514"]].map((each) =>
      each[3] === "23502" ? [4, "name", null, "23502"] : each
    ),
  );
  const { copied, inserted, updated, affected } = answer;
  assert.deepEqual({ copied, inserted, updated, affected }, {
    copied: 4,
    inserted: 2,
    updated: 2,
    affected: 6,
  });
  assert.deepEqual((await sql`select id from yard.maker order by id`).map(({ id }) => id), [1, 2, 50, 52]);
});

test("a merge that judges the whole set fails whole, with why", async ({ refused, write, sql }) => {
  await sql`insert into yard.tool (id, maker_id) values (77, 1)`;
  const error = await refused("yard_current", {
    source: await write("a.csv", tools("1,1,a,1,one,", "2,7,b,1,two,")),
    options: collect,
  });
  assert.equal(error.details.constraint, "fk_tool_maker");
  assert.match(
    error.hint!,
    /^Nothing was loaded\. Mode collect looks for no row here, because statement 2 of the merge deletes/,
  );
  assert.deepEqual((await sql`select id from yard.tool`).map(({ id }) => id), [77]);
});

test("rows that are only good together are not blamed", async ({ load, write, sql }) => {
  const answer = await load("yard_totals", {
    source: await write("a.csv", "name,amount\na,-3\na,5\nb,1\nb,-7\nc,-1\nc,1\n"),
    options: collect,
  });
  assert.deepEqual(told(answer), [[5, "amount", "-7", "23514"]]);
  assert.deepEqual(
    (await sql`select name, amount from yard.total order by name`).map(({ name, amount }) => [name, amount]),
    [["a", 2], ["b", 1], ["c", 0]],
  );
});

test("a staging table with keys and indexes, read with a star, is collected too", async ({ load, write }) => {
  const answer = await load("yard_whole", {
    source: await write(
      "a.csv",
      "id,maker_id,code,price,label\n1,1,a,1,x\n1,1,b,1,x\n2,8,c,1,x\n3,1,d,-1,x\n4,2,e,1,x\n",
    ),
    options: collect,
  });
  assert.deepEqual(told(answer), [
    [3, null, null, "23505"],
    [4, "maker_id", "8", "23503"],
    [5, null, null, "23514"],
  ]);
  assert.deepEqual([answer.copied, answer.inserted], [2, 2]);
});

test("any source: NDJSON, an array, gzip, a zip, rows of the call, latin1, skipped columns", async ({ load, write }) => {
  const row = (id: number, price: string, label = "x") =>
    `{"id":${id},"maker_id":1,"code":"c${id}","price":"${price}","label":"${label}","used":null}`;
  const ndjson = [row(1, "1"), "", "{", row(2, "-1"), row(3, "1")].join("\n");
  const fromLines = await load("yard_tools", {
    source: await write("a.ndjson.gz", await gzipped(ndjson)),
    options: collect,
  });
  assert.deepEqual(told(fromLines), [[3, null, null, "22P02"], [4, "price", "-1", "23514"]]);
  const array = await load("yard_tools", {
    source: await write("a.json", `[${[row(11, "1"), row(12, "-1"), row(13, "1", "a\\tb")].join(",\n")}]`),
    options: collect,
  });
  assert.deepEqual(told(array), [[2, "price", "-1", "23514"]]);
  const rows = [20, 21, 22].map((id) => ({
    id,
    maker_id: id === 21 ? 9 : 1,
    code: `r${id}`,
    price: "1",
    label: "x",
    used: null,
  }));
  assert.deepEqual(told(await load("yard_tools", { rows, options: collect })), [[
    2,
    "maker_id",
    "9",
    "23503",
  ]]);
  const writer = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false });
  const member = new TextEncoder().encode(tools("40,1,z,1,x,", "41,1,y,-1,x,"));
  await writer.add("member.csv", new Uint8ArrayReader(member));
  const zipped = await load("yard_tools", {
    source: await write("a.zip", await writer.close()),
    options: collect,
  });
  assert.deepEqual(told(zipped), [[3, "price", "-1", "23514"]]);
  const latin1 = Uint8Array.from(
    `Id;maker;skip;price;label\n30;1;s;1;caf\u00e9\n31;9;s;1;\u00e9\u00e9\n`,
    (character) => character.charCodeAt(0),
  );
  const skipped = await load("yard_tools", {
    source: await write("b.csv", latin1),
    options: {
      ...collect,
      encoding: "latin1",
      delimiter: ";",
      columns: { Id: "id", maker: "maker_id", skip: null },
    },
  });
  assert.deepEqual(told(skipped), [[3, "maker_id", "9", "23503"]]);
});

test("more bad rows than max_rejects are an error, rows of the COPY and of the merge together", async ({ refused, load, write, sql }) => {
  const lines = Array.from(
    { length: 500 },
    (_, index) =>
      index % 50 === 7
        ? `${index},1,c${index},-1,n,`
        : index === 3
        ? "x,1,x,1,n,"
        : `${index},1,c${index},1,n,`,
  );
  const source = await write("a.csv", tools(...lines));
  const error = await refused("yard_tools", { source, options: { ...collect, max_rejects: 10 } });
  assert.equal(error.code, "load.too_many_rejects");
  assert.match(
    error.message,
    /^Cannot load "a\.csv", line 459, column "price": .*check_tool_price.*, and more than 10 rows are bad$/,
  );
  assert.equal((await sql`select count(*)::int as n from yard.tool`)[0]!.n, 0);
  const answer = await load("yard_tools", { source, options: { ...collect, max_rejects: 11 } });
  assert.deepEqual([answer.copied, answer.inserted, answer.rejected], [489, 489, 11]);
});

test("a key makes it a load that is done once", async ({ load, write, sql }) => {
  const source = await write("a.csv", tools("1,1,a,1,one,", "2,7,b,1,two,"));
  const options = { ...collect, idempotency_key: "today" };
  const first = await load("yard_tools", { source, options });
  assert.deepEqual([first.inserted, first.rejected], [1, 1]);
  await sql`delete from yard.tool`;
  assert.deepEqual(await load("yard_tools", { source, options }), { ...first, already_loaded: true });
});

test("a cancel during the search leaves nothing, and progress says what is searched", async ({ call, write, sql, load }) => {
  const lines = Array.from({ length: 300 }, (_, index) => `${index},${index === 250 ? 4711 : ""}`);
  const source = await write("a.csv", `id,parent_id\n${lines.join("\n")}\n`);
  const controller = new AbortController();
  const messages: [number, string][] = [];
  const result = await call("yard_slow", { source, options: collect }, {
    signal: controller.signal,
    progress: (done, _total, message) => {
      messages.push([done, message]);
      if (message.startsWith("looking for")) controller.abort();
    },
  });
  assert.equal(result.isError, true);
  assert.match(
    messages.at(-1)![1],
    /^looking for the rows that break fk_node_parent · \d+ of 300 tried · 0 found$/,
  );
  assert.ok(messages.every(([done], index) => index === 0 || done > messages[index - 1]![0]));
  await until(
    "nothing runs",
    async () =>
      (await sql`select count(*)::int as n from pg_stat_activity where datname = current_database() and state <> 'idle' and pid <> pg_backend_pid()`)[
        0
      ]!
        .n === 0,
  );
  assert.equal((await sql`select count(*)::int as n from yard.node`)[0]!.n, 0);
  assert.equal((await sql`select count(*)::int as n from sqlwright.load`)[0]!.n, 0);
  const next = await load("yard_nodes", { source, options: collect });
  assert.deepEqual([next.copied, next.rejected], [299, 1]);
});

test("the search takes as long as the tool may, and no longer", async ({ refused, write, sql }) => {
  const lines = Array.from({ length: 200 }, (_, index) => `${index},1,${index === 123 ? -1 : 1}`);
  const error = await refused("yard_paused", {
    source: await write("a.csv", `id,maker_id,price\n${lines.join("\n")}\n`),
    options: collect,
  });
  assert.equal(error.code, "call.timeout");
  assert.match(error.message, /the search for the rows that its merge refuses took longer than 1000 ms/);
  assert.equal((await sql`select count(*)::int as n from yard.tool`)[0]!.n, 0);
});

test("any file is collected to the rows that load one after the other", async ({ load, write, sql }) => {
  // Fixed pseudo-random rows: keys that repeat, parents that are there or not, checks; compared with a load of each row by itself.
  let seed = 11;
  const random = (below: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
  for (let round = 0; round < 3; round++) {
    const rows = Array.from({ length: 150 }, (_, index) => ({
      id: random(30) === 0 ? random(150) : index,
      maker: random(25) === 0 ? 9 : 1 + random(2),
      code: random(20) === 0 ? `c${random(150)}` : `c${index}`,
      price: random(25) === 0 ? -1 : random(50) === 0 ? "much" : random(90),
    }));
    const [ids, codes] = [new Set<number>(), new Set<string>()];
    const good = rows.filter(({ id, maker, code, price }) => {
      const isGood = !ids.has(id) && !codes.has(code) && maker !== 9 && typeof price === "number" &&
        price >= 0;
      if (isGood) ids.add(id), codes.add(code);
      return isGood;
    });
    const source = await write(
      `${round}.csv`,
      tools(...rows.map(({ id, maker, code, price }) => `${id},${maker},${code},${price},n,`)),
    );
    await sql`truncate yard.tool`;
    const answer = await load("yard_new_tools", { source, options: collect });
    assert.deepEqual([answer.copied, answer.inserted, answer.rejected], [
      good.length,
      good.length,
      rows.length - good.length,
    ]);
    const loaded = await sql`select id, code from yard.tool order by id`;
    assert.deepEqual(
      loaded.map(({ id, code }) => [id, code]),
      good.map(({ id, code }) => [id, code]).sort(([one], [other]) => Number(one) - Number(other)),
    );
  }
});

for (const server of testServers()) {
  Deno.test(`facts of an unknown company are rejected, and those of the others load (PostgreSQL ${server.version})`, () =>
    withDatabase(
      ({ sql, serverUrl }) =>
        withTestApplication({ DATABASE_URL: serverUrl }, async ({ callTool }) => {
          const fact = (cik: number, fy: number) => ({
            cik,
            taxonomy: "us-gaap",
            tag: "Assets",
            unit: "USD",
            start_on: null,
            end_on: `${fy}-09-27`,
            value: String(fy),
            accession: `0000320193-${fy % 100}-000001`,
            fy,
            fp: "FY",
            form: "10-K",
            filed_on: `${fy}-10-31`,
            frame: null,
          });
          const rows = Array.from({ length: 40 }, (_, index) =>
            fact(index === 17 ? 4711 : 320193, 2030 + index));
          const { isError, structured, text } = await callTool(
            "edgar_load_facts",
            { rows, options: collect },
            callContext(),
          );
          assert.equal(isError, false, text);
          const answer = structured as unknown as LoadAnswer;
          assert.deepEqual([answer.copied, answer.inserted, answer.rejected], [39, 39, 1]);
          assert.equal(answer.rejects!.first[0]!.line, 18);
          assert.equal(answer.rejects!.first[0]!.sqlstate, "23503");
          const [found] = await sql`select count(*)::int as n from edgar.fact where fy >= 2030`;
          assert.equal(found!.n, 39);
        }),
      { server },
    ));
}
