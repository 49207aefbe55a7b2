/** Mode collect: the good rows load, each bad one is told, in the answer, in a table and as a resource. */

import assert from "node:assert/strict";
import { readRejects } from "../../src/mcp/resources.ts";
import { type LoadAnswer, testLoading } from "./loading.ts";

const collect = { mode: "collect" };
const told = (answer: LoadAnswer) =>
  answer.rejects!.first.map(({ line, column, value, sqlstate }) => [line, column, value, sqlstate]);

testLoading("bad lines of CSV are rejected with line, column, value and reason; the others load", async (
  { load, write, sql, application },
) => {
  const source = await write(
    "a.csv",
    [
      "id,name,price,made_on",
      '1,"multi\nline",1,2024-01-01',
      "x,b,1,2024-01-01",
      "3,,1,2024-01-01",
      "4,d,1,2024-02-30",
      "5,e,1",
      '6,"unclosed,1,2024-01-01',
      "7,g,1,2024-01-01",
      "8,h,99999999999,2024-01-01",
      "9,i,1,2024-01-01,more",
      "10,j,1,2024-01-01",
      "",
    ].join("\n"),
  );
  const answer = await load("shop_items", { source, options: collect });
  assert.deepEqual(
    {
      copied: answer.copied,
      inserted: answer.inserted,
      rejected: answer.rejected,
      count: answer.rejects!.count,
    },
    { copied: 3, inserted: 3, rejected: 7, count: 7 },
  );
  assert.deepEqual(told(answer), [
    [4, "id", "x", "22P02"],
    [5, "name", "", "23502"],
    [6, "made_on", "2024-02-30", "22008"],
    [7, null, "5,e,1", "22P04"],
    [8, null, '6,"unclosed,1,2024-01-01', "22P04"],
    [10, "price", "99999999999", "22003"],
    [11, null, "9,i,1,2024-01-01,more", "22P04"],
  ]);
  assert.match(answer.rejects!.first[0]!.reason, /^invalid input syntax for type bigint: "x"$/);
  assert.match(
    answer.rejects!.first[1]!.reason,
    /^null value in column "name" of relation "incoming" violates/,
  );
  assert.match(answer.rejects!.first[3]!.reason, /^3 values, and 4 are expected$/);
  assert.match(answer.rejects!.first[4]!.reason, /^a quoted value does not end$/);
  assert.deepEqual((await sql`select id::int from shop.item order by id`).map(({ id }) => id), [1, 7, 10]);
  const rows = await sql`select line::int, column_name, record from sqlwright.load_reject order by number`;
  assert.equal(rows.length, 7);
  assert.deepEqual({ ...rows[0] }, { line: 4, column_name: "id", record: "x,b,1,2024-01-01" });
  const resource = await readRejects(application, answer.rejects!.resource!);
  const { tool, source: name, count, rejects } = JSON.parse(resource!.text);
  assert.deepEqual([tool, name, count, rejects.length, rejects[2].column], [
    "shop_items",
    "a.csv",
    7,
    7,
    "made_on",
  ]);
  assert.equal(
    await readRejects(application, "sqlwright://loads/00000000-0000-0000-0000-000000000000/rejects"),
    null,
  );
  assert.equal(await readRejects(application, "sqlwright://loads/1/rejects"), null);
});

testLoading("of lines that end in two ways each ends by its own", async ({ load, write, sql }) => {
  const lines = (ends: readonly string[], first: number) =>
    ends.map((end, index) => `${first + index},n${first + index},1,2024-01-01${end}`).join("");
  const cases: [string, string, readonly string[]][] = [
    ["one CR LF among line feeds", "\n", ["\n", "\n", "\r\n", "\n", "\n"]],
    ["one line feed among CR LF", "\r\n", ["\r\n", "\n", "\r\n", "\r\n", "\n"]],
    ["one line feed among carriage returns", "\r", ["\r", "\r", "\n", "\r", "\r"]],
  ];
  for (const [index, [what, headerEnd, ends]] of cases.entries()) {
    const first = 1 + index * 10;
    const source = await write(`${index}.csv`, `id,name,price,made_on${headerEnd}${lines(ends, first)}`);
    const answer = await load("shop_items", { source, options: collect });
    assert.deepEqual([answer.copied, answer.rejected], [5, 0], `${what}: ${JSON.stringify(answer.rejects)}`);
    const names = await sql`select name from shop.item where id between ${first} and ${
      first + 9
    } order by id`;
    assert.deepEqual(names.map(({ name }) => name), ends.map((_end, at) => `n${first + at}`), what);
  }
  // A carriage return within a value is one that no quotes hold, in a line that ends otherwise.
  const source = await write("c.csv", "id,name,price,made_on\n50,a\rb,1,2024-01-01\n51,c,1,2024-01-01\n");
  const answer = await load("shop_items", { source, options: collect });
  assert.deepEqual([answer.copied, told(answer).map(([line]) => line)], [1, [2]]);
});

testLoading(
  "NDJSON, arrays and rows are collected too, also what only the staging table's checks refuse",
  async (
    { load, write, sql },
  ) => {
    const ndjson = await write(
      "a.ndjson",
      '{"id":1,"name":"a"}\n\n{"id":2,"name":"b","prize":1}\n{"id":3\n{"id":4,"name":"d","price":1e9}\n{"id":5,"name":"e","price":123456789012}\n{"id":6,"name":"f"}\n',
    );
    const lines = await load("shop_items", { source: ndjson, options: collect });
    assert.deepEqual([lines.copied, lines.inserted], [3, 3]);
    assert.deepEqual(told(lines), [
      [3, null, null, null],
      [4, null, null, "22P02"],
      [6, "price", "123456789012", "22003"],
    ]);
    const array = await load("shop_items", {
      source: await write(
        "b.json",
        '[{"id":7,"name":"a"},{"id":8,"name":null},{"id":9,"name":"c","price":99999999999}]',
      ),
      options: collect,
    });
    assert.deepEqual([array.copied, ...told(array)], [
      1,
      [2, "name", null, null],
      [3, "price", "99999999999", "22003"],
    ]);
    const rows = await load("shop_checked", {
      rows: [{ id: 20, name: "a", price: 1 }, { id: 21, name: "b", price: -1 }, {
        id: 20,
        name: "c",
        price: 2,
      }],
      options: collect,
    });
    assert.deepEqual([rows.copied, ...told(rows)], [1, [2, null, null, "23514"], [3, null, null, "23505"]]);
    assert.match(rows.rejects!.first[0]!.reason, /check_item_price/);
    assert.deepEqual((await sql`select name from shop.item where id = 20`).map(({ name }) => name), ["a"]);
  },
);

testLoading("what only the merge refuses fails the whole load, unless it collects", async (
  { refused, load, sql, write },
) => {
  const source = await write("a.csv", "id,name,price\n1,a,1\n2,b,-1\n");
  const error = await refused("shop_items", { source });
  assert.equal(error.details.constraint, "check_item_price");
  assert.equal((await sql`select count(*)::int as n from shop.item`)[0]!.n, 0);
  const answer = await load("shop_items", { source, options: collect });
  assert.deepEqual([answer.copied, ...told(answer)], [1, [3, "price", "-1.00", "23514"]]);
});

testLoading(
  "more rejects than max_rejects are an error, and nothing is loaded",
  async ({ refused, load, write, sql }) => {
    const bad = Array.from({ length: 30 }, (_, index) => `${index % 3 === 0 ? "x" : ""}${index},n`).join(
      "\n",
    );
    const source = await write("a.csv", `id,name\n${bad}\n`);
    const error = await refused("shop_items", { source, options: { mode: "collect", max_rejects: 9 } });
    assert.equal(error.code, "load.too_many_rejects");
    assert.match(
      error.message,
      /^Cannot load "a\.csv", line 29, column "id": .*, and more than 9 rows are bad$/,
    );
    assert.equal((error.details.first as unknown[]).length, 5);
    assert.equal((await sql`select count(*)::int as n from shop.item`)[0]!.n, 0);
    const answer = await load("shop_items", { source, options: { mode: "collect", max_rejects: 10 } });
    assert.deepEqual([answer.copied, answer.rejected], [20, 10]);
    assert.equal(
      (await load("shop_items", { source: await write("b.csv", "id,name\n99,z\n"), options: collect }))
        .rejects,
      undefined,
    );
  },
);

testLoading("any file is collected to the rows that load one by one", async ({ load, write, sql }) => {
  // Fixed pseudo-random files: quotes, commas, line ends, wrong numbers; compared with each line on its own.
  let seed = 7;
  const random = (below: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
  const ids = ["1", "22", '"3"', "", "x", '"a,b"', "9999999999"];
  const names = ["a", '"q""q"', "", '"two\nlines"', "é", '"x,y"'];
  let bad = 0;
  const records = Array.from({ length: 3000 }, (_, index) => {
    const choice = random(20) === 0 ? random(ids.length) : -1;
    const isLonger = random(40) === 0;
    if (choice > 3 || isLonger) bad++;
    const id = choice < 0 ? String(index + 100) : ids[choice]!;
    return `${id},${names[random(names.length)]!}${isLonger ? ",more" : ""}`;
  });
  for (const [file, lineEnd] of [["unix.csv", "\n"], ["dos.csv", "\r\n"]] as const) {
    const source = await write(file, `id,name\n${records.join(lineEnd)}${lineEnd}`.replace("\n", lineEnd));
    const answer = await load("shop_loose", { source, options: { mode: "collect", max_rejects: 10_000 } });
    assert.deepEqual([answer.copied, answer.rejected], [records.length - bad, bad], file);
  }
  const [count] = await sql`select count(*)::int as n from sqlwright.load_reject`;
  assert.equal(count!.n, 2 * bad);
});

testLoading(
  "rejects expire: a later load removes them, and the resource is gone",
  async ({ load, write, sql, application }) => {
    const source = await write("a.csv", "id,name\nx,a\n");
    const first = await load("shop_items", { source, options: collect });
    await sql`update sqlwright.load set rejects_expire_at = now() - interval '1 second'`;
    assert.equal(await readRejects(application, first.rejects!.resource!), null);
    await load("shop_items", { source, options: collect });
    assert.equal((await sql`select count(*)::int as n from sqlwright.load_reject`)[0]!.n, 1);
  },
);

const triggered = {
  schema: `
    create table shop.keyed (id integer primary key, name text);
    grant select, insert on shop.keyed to sqlwright_server;
    create function shop.refuse_boom() returns trigger language plpgsql as $$
    begin
      if new.name = 'boom' then
        raise exception 'no % here', new.name;
      end if;
      return new;
    end $$;
    create trigger refuse_boom before insert on shop.keyed for each row execute function shop.refuse_boom();
    create table shop.deep (id integer, doc jsonb);
    grant select, insert on shop.deep to sqlwright_server;
  `,
  files: {
    "shop/keyed.sql": `-- name: keyed :copy
-- Loads rows with keys.

copy shop.keyed (id, name) from stdin (format csv, header);
`,
    "shop/deep.sql": `-- name: deep :copy
-- Loads documents.

copy shop.deep (id, doc) from stdin (format csv, header);
`,
  },
};

testLoading("a row that a trigger refuses is the one that is told, and not the trigger's own line", async (
  { load, refused, write, sql },
) => {
  const source = await write("boom.csv", "id,name\n11,a\n12,b\n13,boom\n14,d\n");
  const error = await refused("shop_keyed", { source });
  assert.equal(error.code, "load.row_invalid");
  assert.match(error.message, /^Cannot load "boom.csv", line 4: no boom here$/);
  const answer = await load("shop_keyed", { source, options: collect });
  assert.deepEqual(told(answer), [[4, null, null, "P0001"]]);
  assert.deepEqual((await sql`select id from shop.keyed order by id`).map(({ id }) => id), [11, 12, 14]);
}, triggered);

testLoading("rows of runs that were undone are not counted", async ({ load, write, sql }) => {
  await sql`insert into shop.keyed (id, name) values (1, 'there'), (3, 'there')`;
  const source = await write("keys.csv", "id,name\n1,a\n2,b\n3,c\n4,d\n4,e\n5,f\n");
  const { rejects, ...counts } = await load("shop_keyed", { source, options: collect });
  assert.deepEqual(counts, { copied: 3, inserted: 3, updated: 0, unchanged: 0, rejected: 3 });
  assert.deepEqual(rejects!.first.map(({ line, sqlstate }) => [line, sqlstate]), [
    [2, "23505"],
    [4, "23505"],
    [6, "23505"],
  ]);
}, triggered);

testLoading(
  "what is told of a long value is short, and a value that is nested too deep is one row's fault",
  async (
    { load, refused, write },
  ) => {
    const long = "x".repeat(30_000);
    const source = await write("long.csv", `id,doc\n1,{}\n${long},{}\n2,${"[".repeat(200_000)}\n3,[]\n`);
    const error = await refused("shop_deep", { source });
    assert.match(error.message, /^Cannot load "long.csv", line 3, column "id": invalid input syntax/);
    assert.ok(error.message.length < 600, `${error.message.length} characters`);
    assert.ok(JSON.stringify(error.details).length < 4000);
    const answer = await load("shop_deep", { source, options: collect });
    assert.deepEqual(answer.rejects!.first.map(({ line, sqlstate }) => [line, sqlstate]), [[3, "22P02"], [
      4,
      "54001",
    ]]);
    for (const { value, reason } of answer.rejects!.first) {
      assert.ok((value ?? "").length <= 80, `${value?.length} characters`);
      assert.ok(reason.length <= 400, `${reason.length} characters`);
    }
    const few = await refused("shop_deep", { source, options: { ...collect, max_rejects: 1 } });
    assert.match(few.message, /and more than 1 row is bad$/);
  },
  triggered,
);
