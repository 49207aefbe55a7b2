/** What `:copy` reads: CSV by names of its header, TSV, bars, NDJSON, arrays, encodings, streams of a program; and what it says. */

import assert from "node:assert/strict";
import { queryClient } from "../../src/client/queries.ts";
import { gzipped, testLoading } from "./loading.ts";

testLoading("columns are mapped by the header's names, in any order; absent ones keep their default", async (
  { load, write, sql },
) => {
  const source = await write("a.csv", '\uFEFFname,id,price\n"Pen, red",2,1.50\n"two\nlines",1,\n');
  assert.deepEqual(await load("shop_items", { source }), {
    copied: 2,
    inserted: 2,
    updated: 0,
    unchanged: 0,
    affected: 2,
    rejected: 0,
  });
  const rows = await sql`select id::int, name, price, note from shop.item order by id`;
  assert.deepEqual(rows.map((row) => ({ ...row })), [
    { id: 1, name: "two\nlines", price: null, note: "none" },
    { id: 2, name: "Pen, red", price: "1.50", note: "none" },
  ]);
});

testLoading("the option columns renames and skips; what it does not name is refused", async (
  { load, refused, write, sql },
) => {
  const source = await write(
    "b.csv",
    'key,Name,secret,price\n1,a,"x,\n""y",1.00\n2,"b ""q""",z,2.00\n',
  );
  const unknown = await refused("shop_items", { source });
  assert.equal(unknown.code, "load.header_invalid");
  assert.match(
    unknown.message,
    /^Cannot load "b\.csv": the header line has "key", and there is no such column$/,
  );
  assert.match(unknown.hint!, /maps it to a column, or to null to skip it/);
  const near = await refused("shop_items", { source, options: { columns: { key: "id", secret: null } } });
  assert.match(near.hint!, /Did you mean "name"\?/);
  const answer = await load("shop_items", {
    source,
    options: { columns: { key: "id", Name: "name", secret: null } },
  });
  assert.deepEqual([answer.copied, answer.inserted], [2, 2]);
  const rows = await sql`select id::int, name, price from shop.item order by id`;
  assert.deepEqual(rows.map((row) => ({ ...row })), [
    { id: 1, name: "a", price: "1.00" },
    { id: 2, name: 'b "q"', price: "2.00" },
  ]);
  const wrong = await refused("shop_items", { source, options: { columns: { key: "idd" } } });
  assert.equal(wrong.code, "argument.invalid");
  assert.match(wrong.message, /"options\.columns\.key" must be one of id, name/);
  const none = await refused("shop_items", { source, options: { columns: { kee: "id" } } });
  assert.match(none.message, /names "kee", which the header line does not have/);
});

testLoading("a header that lacks a column, or has one twice, is refused before anything is copied", async (
  { refused, write },
) => {
  const lacks = await refused("shop_items", { source: await write("c.csv", "id,price\n1,2\n") });
  assert.match(lacks.message, /the header line lacks "name"/);
  const twice = await refused("shop_items", { source: await write("d.csv", "id,name,name\n1,a,b\n") });
  assert.match(twice.message, /the header line has "name" twice/);
  const empty = await refused("shop_items", { source: await write("e.csv", "") });
  assert.match(empty.message, /it is empty, and a header line is expected/);
});

testLoading(
  "without a header the values are those of the COPY, in its order; with bars nothing is quoted",
  async (
    { load, refused, write, sql },
  ) => {
    const source = await write("company.idx", '1|A "quoted" name|x\n2|b|\n');
    assert.deepEqual(await load("shop_plain", { source }), {
      copied: 2,
      inserted: 2,
      updated: 0,
      unchanged: 0,
      rejected: 0,
    });
    const [row] = await sql`select name from shop.plain where id = 1`;
    assert.equal(row!.name, 'A "quoted" name');
    const mapped = await refused("shop_plain", { source, options: { columns: { a: "id" } } });
    assert.match(mapped.message, /maps the names of a header line, and the source has none/);
  },
);

testLoading("TSV, other delimiters, quotes and null texts", async ({ load, write, sql }) => {
  await load("shop_items", { source: await write("f.tsv", 'id\tname\tprice\n1\t"a\tb"\t1\n') });
  await load("shop_items", {
    source: await write("g.txt", "id;name;price\n2;'x;y';n/a\n"),
    options: { delimiter: ";", quote: "'", null: "n/a" },
  });
  await load("shop_items", {
    source: await write("h.tsv", 'id\tname\tprice\n3\t5" pipe\t3\n'),
    options: { quote: "" },
  });
  await load("shop_raw", { source: await write("i.txt", "1\ta\\tb\n2\t\\N\n") });
  const rows = await sql`select id::int, name, price from shop.item order by id`;
  assert.deepEqual(rows.map((row) => [row.id, row.name, row.price]), [
    [1, "a\tb", "1.00"],
    [2, "x;y", null],
    [3, '5" pipe', "3.00"],
  ]);
  const raw = await sql`select id, name from shop.raw order by id`;
  assert.deepEqual(raw.map((row) => [row.id, row.name]), [[1, "a\tb"], [2, null]]);
});

testLoading(
  "NDJSON and arrays keep numbers to the last digit, and nested documents where a column takes them",
  async (
    { load, write, sql },
  ) => {
    const lines = [
      '{"id": 1, "name": "a", "price": 0.10, "tags": ["x", "y\\""], "doc": {"n": 123456789012345678901234567890.10}}',
      "",
      '{"doc":null,"name":"b\\u00e9\\n","id":9007199254740993,"price":"12.5"}',
    ].join("\r\n");
    assert.deepEqual(await load("shop_items", { source: await write("a.ndjson", lines) }), {
      copied: 2,
      inserted: 2,
      updated: 0,
      unchanged: 0,
      affected: 2,
      rejected: 0,
    });
    const array = `[ ${lines.split("\r\n").filter((line) => line !== "").join(" ,\n")} ]\n`;
    const again = await load("shop_items", { source: await write("a.json.gz", await gzipped(array)) });
    assert.deepEqual([again.copied, again.unchanged, again.affected], [2, 2, 0]);
    const rows = await sql`select id::text, name, price::text, tags, doc::text from shop.item order by id`;
    assert.deepEqual(rows.map((row) => ({ ...row })), [
      {
        id: "1",
        name: "a",
        price: "0.10",
        tags: ["x", 'y"'],
        doc: '{"n": 123456789012345678901234567890.10}',
      },
      { id: "9007199254740993", name: "bé\n", price: "12.50", tags: null, doc: null },
    ]);
    assert.equal(
      (await load("shop_raw", { source: await write("b.json", '[[1,"x"], [2, null]]') })).copied,
      2,
    );
    assert.equal((await load("shop_raw", { source: await write("c.json", " [ ] ") })).copied, 0);
    const renamed = await write("d.jsonl", '{"Key":7,"name":"seven","other":{"a":[1]}}\n');
    await load("shop_raw", { source: renamed, options: { columns: { Key: "id", other: null } } });
    assert.equal((await sql`select id from shop.raw where name = 'seven'`)[0]!.id, 7);
  },
);

testLoading(
  "a column with a default is brought by every record or by none",
  async ({ load, refused, write, sql }) => {
    await load("shop_items", {
      source: await write("a.ndjson", '{"id":1,"name":"a"}\n{"id":2,"name":"b"}\n'),
    });
    assert.deepEqual((await sql`select distinct note from shop.item`).map(({ note }) => note), ["none"]);
    const mixed = await write("b.ndjson", '{"id":3,"name":"a"}\n{"id":4,"name":"b","note":"x"}\n');
    assert.match(
      (await refused("shop_items", { source: mixed })).message,
      /"b\.ndjson", line 2, column "note": the first record does not bring it: give it in all or in none/,
    );
  },
);

testLoading("encodings: latin1 as the option says, UTF-16 too, and a hint where it is missing", async (
  { load, refused, write, sql },
) => {
  const latin = new Uint8Array([...new TextEncoder().encode("id,name\n1,Caf"), 0xe9, 10]);
  const source = await write("latin.csv", latin);
  const wrong = await refused("shop_items", { source });
  assert.equal(wrong.code, "load.row_invalid");
  assert.match(
    wrong.message,
    /^Cannot load "latin\.csv", line 2.*: invalid byte sequence for encoding "UTF8": 0xe9/,
  );
  assert.match(wrong.hint!, /option encoding .* such as latin1/);
  await load("shop_items", { source, options: { encoding: "latin1" } });
  const utf16 = new Uint8Array(
    new Uint16Array([..."\uFEFFid,name\n2,Zoë\n"].map((c) => c.charCodeAt(0))).buffer,
  );
  await load("shop_items", { source: await write("wide.csv", utf16), options: { encoding: "utf-16" } });
  const json = new Uint8Array([...new TextEncoder().encode('{"id":3,"name":"'), 0xe9, 0x22, 0x7d, 10]);
  const line = await refused("shop_items", { source: await write("latin.ndjson", json) });
  assert.match(line.message, /"latin\.ndjson", line 1: its bytes are no UTF-8; the option encoding says/);
  await load("shop_items", { source: "latin.ndjson", options: { encoding: "iso-8859-1" } });
  assert.deepEqual((await sql`select name from shop.item order by id`).map(({ name }) => name), [
    "Café",
    "Zoë",
    "é",
  ]);
  const unknown = await refused("shop_items", { source, options: { encoding: "latin99" } });
  assert.deepEqual([unknown.code, unknown.message], [
    "load.options_invalid",
    'Cannot load: there is no encoding "latin99"',
  ]);
});

testLoading("bad input is told with file, line and reason, and nothing is loaded", async (
  { refused, write, sql },
) => {
  const head = "id,name,price,made_on\n1,a,1,2024-01-01\n";
  const cases: [file: string, content: string | Uint8Array, message: RegExp, sqlstate?: string][] = [
    [
      "quote.csv",
      `${head}2,"b,1,2024-01-01\n3,c,1,2024-01-01\n`,
      /line 5.*: unterminated CSV quoted field/,
      "22P04",
    ],
    ["many.csv", `${head}2,b,1,2024-01-01,x\n`, /line 3: extra data after last expected column/, "22P04"],
    ["few.csv", `${head}2,b\n`, /line 3.*: missing data for column "price"/, "22P04"],
    [
      "nul.csv",
      `${head}2,b\0,1,2024-01-01\n`,
      /line 3.*: invalid byte sequence for encoding "UTF8": 0x00/,
      "22021",
    ],
    [
      "large.csv",
      `${head}99999999999999999999,b,1,2024-01-01\n`,
      /line 3, column "id": .*out of range/,
      "22003",
    ],
    [
      "date.csv",
      `${head}2,b,1,2024-02-30\n`,
      /line 3, column "made_on": date\/time field value out of range/,
      "22008",
    ],
    ["null.csv", `${head}2,,1,2024-01-01\n`, /line 3, column "name": null value in column "name"/, "23502"],
    ["half.json", '[{"id":1,"name":"a"},{"id":2,"na', /byte 32: it ends in element 2/],
    ["object.json", '{"id":1}', /byte 0: it is no JSON array/],
    ["more.json", '[{"id":1,"name":"a"}] x', /byte 22: more stands behind the array/],
    ["comma.json", '[{"id":1,"name":"a"},]', /element 2 \(byte 21\): an object is expected/],
    ["half.ndjson", '{"id":1,"name":"a"}\n{"id":2,"na', /line 2: a string does not end at character 9/],
    [
      "key.ndjson",
      '{"id":1,"name":"a","prise":2}',
      /line 1: there is no column "prise"; did you mean "price"\?/,
    ],
    ["type.ndjson", '{"id":"x","name":"a"}', /line 1, column "id": it must match/],
    ["nested.ndjson", '{"id":1,"name":{"a":1}}', /line 1, column "name": it must be a string, found {"a":1}/],
    ["missing.ndjson", '{"id":1}', /line 1, column "name": it is missing/],
    ["twice.ndjson", '{"id":1,"name":"a","id":2}', /line 1, column "id": it comes twice/],
    ["large.json", '[{"id":1,"name":"a"}, {"id":99999999999999999999,"name":"b"}]', /element 2/],
    [
      "check.json",
      '[{"id":1,"name":"a"}, {"id":2,"name":"b","price":99999999999}]',
      /element 2 \(byte 22\), column "price": numeric field overflow/,
      "22003",
    ],
    ["cut.csv.gz", (await gzipped(head.repeat(2000))).subarray(0, 60), /cut\.csv\.gz/],
  ];
  for (const [file, content, message, sqlstate] of cases) {
    const error = await refused("shop_items", { source: await write(file, content) });
    assert.match(error.message, message, file);
    assert.match(error.message, new RegExp(`"${file.replaceAll(".", "\\.")}"`), file);
    assert.match(error.code, /^load\./, file);
    if (sqlstate !== undefined) assert.equal(error.details.sqlstate, sqlstate, file);
  }
  assert.equal((await sql`select count(*)::int as n from shop.item`)[0]!.n, 0);
});

testLoading("options that do not fit are refused with what to do", async ({ refused, write }) => {
  const source = await write("a.json", "[]");
  const cases: [Record<string, unknown>, string, RegExp][] = [
    [{ source, options: { delimiter: ";" } }, "load.options_invalid", /"delimiter" is for CSV and TSV/],
    [{ source, options: { format: "xml" } }, "argument.invalid", /"options\.format" must be one of/],
    [{ source, options: { formt: "csv" } }, "argument.unknown", /did you mean "format"\?/],
    [
      { rows: [{ id: 1, name: "a" }], options: { header: true } },
      "argument.invalid",
      /"options\.header" says how "source" is read/,
    ],
    [
      { source, options: { format: "csv", delimiter: "é" } },
      "load.options_invalid",
      /must be one ASCII character/,
    ],
    [{ source, options: { format: "csv", delimiter: '"' } }, "load.options_invalid", /are the same/],
  ];
  for (const [args, code, message] of cases) {
    const error = await refused("shop_items", args);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
  }
});

testLoading(
  "a program streams rows into a :copy query, typed and in process",
  async ({ application, sql }) => {
    interface Types {
      shop: { items: { arguments: Record<never, never>; result: { copied: number; inserted?: number } } };
    }
    const queries = queryClient<Types>(application.callTool);
    function* batches() {
      for (let batch = 0; batch < 3; batch++) {
        yield Array.from({ length: 1000 }, (_, index) => [`${batch * 1000 + index}`, `n\t${index}\\`, null]);
      }
    }
    const answer = await queries.shop.items({}, {
      input: { name: "CIK.json", columns: ["id", "name", "price"], batches: batches() },
    });
    assert.deepEqual([answer.copied, answer.inserted], [3000, 3000]);
    assert.equal((await sql`select name from shop.item where id = 2999`)[0]!.name, "n\t999\\");
    const wrong = (columns: string[], rows: (string | null)[][]) =>
      queries.shop.items({}, { input: { name: "CIK.json", columns, batches: [rows] } }).then(
        () => assert.fail("no error"),
        (error: Error) => error.message,
      );
    assert.match(await wrong(["id", "nme"], []), /"input\.columns" must be columns of id, name/);
    assert.match(
      await wrong(["id", "name"], [["1", "a"], ["x", "b"]]),
      /"CIK\.json", row 2, column "id": invalid input/,
    );
  },
);
