/** Values of JSON come to PostgreSQL with the digits they are written with, however deep they stand. */

import assert from "node:assert/strict";
import { testLoading } from "./loading.ts";
import { withDatabase, withTools } from "../harness.ts";

Deno.test("numbers of NDJSON keep their digits inside of arrays, composites, ranges and jsonb", async () => {
  await withDatabase(async (database) => {
    await database.sql.unsafe(`
      create schema odd;
      create type odd.pair as (amount numeric, code bigint, note text);
      create table odd.number (
        id bigint, double float8, single float4, bigints bigint[], numerics numeric[], documents jsonb[],
        pair odd.pair, pairs odd.pair[], span numrange, spans nummultirange
      );
      grant usage on schema odd to sqlwright_server;
      grant select, insert, update, delete on odd.number to sqlwright_server;
    `);
    const directory = await Deno.makeTempDir({ prefix: "sqlwright_exact_" });
    const columns = "id, double, single, bigints, numerics, documents, pair, pairs, span, spans";
    try {
      await withTools(database, {
        "odd/numbers.sql":
          `-- name: numbers :copy\n-- Loads numbers.\n\ncopy odd.number (${columns}) from stdin (format csv);\n`,
      }, async (call) => {
        const load = async (record: string) => {
          await database.sql`truncate odd.number`;
          await Deno.writeTextFile(`${directory}/x.ndjson`, record);
          const { isError, text } = await call("odd_numbers", { source: "x.ndjson" });
          if (isError) return text;
          const [row] = await database.sql.unsafe(
            `select ${columns.split(", ").map((name) => `${name}::text`)} from odd.number`,
          );
          return Object.fromEntries(Object.entries(row!).filter(([, value]) => value !== null));
        };
        const long = "12345678901234567890.10";
        const cases: [string, Record<string, string>][] = [
          ["-0.0", { double: "-0" }],
          ["5e-324", { double: "5e-324" }],
        ];
        for (const [double, expected] of cases) {
          assert.deepEqual(await load(`{"double":${double}}`), expected);
        }
        assert.deepEqual(
          await load(
            `{"id":9223372036854775807,"bigints":[9007199254740993,1,null],"numerics":[1.10,${long},"NaN"],` +
              `"documents":[1.10,{"__proto__":[${long}]},null]}`,
          ),
          {
            id: "9223372036854775807",
            bigints: "{9007199254740993,1,NULL}",
            numerics: `{1.10,${long},NaN}`,
            documents: `{1.10,"{\\"__proto__\\": [${long}]}",NULL}`,
          },
        );
        assert.deepEqual(
          await load(
            `{"pair":{"amount":1.10,"code":9007199254740993,"note":"1.10"},"pairs":[{"amount":${long}},null],` +
              `"span":{"lower":1.10,"upper":${long}},"spans":[{"lower":1.10,"upper":null}]}`,
          ),
          {
            pair: "(1.10,9007199254740993,1.10)",
            pairs: `{"(${long},,)",NULL}`,
            span: `[1.10,${long})`,
            spans: "{[1.10,)}",
          },
        );
        assert.match(String(await load('{"double":1e400}')), /line 1, column .*double.*out of range/);
        assert.match(String(await load('{"single":1e39}')), /line 1, column .*single.*out of range/);
        assert.match(String(await load('{"bigints":[1.5]}')), /must be an integer/);
        assert.match(String(await load('{"bigints":[1e30]}')), /must be an integer/);
        assert.match(String(await load('{"bigints":[99999999999999999999]}')), /out of range/);
      }, { SQLWRIGHT_SOURCE_DIR: directory });
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
});

testLoading(
  "a first record that cannot be read does not decide which columns come",
  async ({ load, write, sql }) => {
    for (const first of ["garbage", "[]", "7", '{"id":']) {
      await sql`truncate shop.item`;
      const source = await write(
        "x.ndjson",
        `${first}\n{"id":1,"name":"a","note":"x"}\n{"id":2,"name":"b","note":"y"}\n`,
      );
      const { copied, rejects } = await load("shop_items", { source, options: { mode: "collect" } });
      assert.deepEqual([copied, rejects?.first.map(({ line }) => line)], [2, [1]], first);
      assert.deepEqual((await sql`select note from shop.item order by id`).map(({ note }) => note), [
        "x",
        "y",
      ]);
    }
  },
);

testLoading(
  "the byte order mark of UTF-16 says its order, or that the option is missing; latin1 is what PostgreSQL takes it for",
  async ({ load, refused, write, sql }) => {
    const names = async () => (await sql`select name from shop.raw order by id`).map(({ name }) => name);
    const text = "\uFEFFid,name\n1,\u00e9\n";
    const big = new Uint8Array(
      [...text].flatMap((each) => [each.charCodeAt(0) >> 8, each.charCodeAt(0) & 255]),
    );
    const little = new Uint8Array(
      [...text].flatMap((each) => [each.charCodeAt(0) & 255, each.charCodeAt(0) >> 8]),
    );
    for (const bytes of [big, little]) {
      await sql`truncate shop.raw`;
      const source = await write("wide.csv", bytes);
      await load("shop_loose", { source, options: { encoding: "utf-16" } });
      assert.deepEqual(await names(), ["é"]);
      const error = await refused("shop_loose", { source });
      assert.match(error.message, /it begins with the byte order mark of UTF-16/);
      assert.match(error.hint ?? "", /encoding to utf-16/);
    }
    const latin = (text: string) => Uint8Array.from([...text].map((each) => each.charCodeAt(0)));
    for (
      const [name, content] of [["c.csv", "id,name\n1,\x80\xe9\n"], [
        "c.ndjson",
        '{"id":1,"name":"\x80\xe9"}\n',
      ]] as const
    ) {
      await sql`truncate shop.raw`;
      await load("shop_loose", {
        source: await write(name, latin(content)),
        options: { encoding: "latin1" },
      });
      assert.deepEqual(await names(), ["\x80\xe9"], name);
    }
  },
);

testLoading(
  "a null text or delimiter that COPY would refuse is told as an option",
  async ({ refused, write }) => {
    const csv = await write("x.csv", "id,name\n1,a\n");
    const raw = await write("x.txt", "1xa\n");
    for (
      const [tool, source, options, found] of [
        ["shop_loose", csv, { null: "N,A" }, /null holds the delimiter/],
        ["shop_loose", csv, { null: 'N"A' }, /null holds the quote/],
        ["shop_loose", csv, { null: "N\nA" }, /null holds a line end/],
        ["shop_raw", raw, { delimiter: "x" }, /text format has no letter/],
      ] as const
    ) {
      const error = await refused(tool, { source, options });
      assert.equal(error.code, "load.options_invalid");
      assert.match(error.message, found);
    }
  },
);
