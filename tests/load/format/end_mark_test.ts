/** `\.` alone on a line, where PostgreSQL would stop reading and lose what follows. */

import assert from "node:assert/strict";
import { withoutEndMark } from "../../../src/load/format/end_of_data.ts";
import { type DelimitedForm, sourceFormOf } from "../../../src/load/format/options.ts";
import { testLoading } from "../loading.ts";

function form(options: Record<string, string | boolean>): DelimitedForm {
  const found = sourceFormOf({ schema: null, table: "t", columns: ["a"], options, target: null }, {}, null);
  assert.equal(found.kind, "delimited");
  return found as DelimitedForm;
}

async function passed(text: string, own: DelimitedForm, size: number): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  async function* cut() {
    for (let start = 0; start < bytes.length; start += size) {
      yield await Promise.resolve(bytes.subarray(start, start + size));
    }
  }
  const parts: Uint8Array[] = [];
  for await (const part of withoutEndMark(cut(), own, { source: "x", lines: 1 })) parts.push(part.slice());
  return await new Blob(parts as BlobPart[]).text();
}

Deno.test("in CSV the end mark is quoted where it is a line, whatever the chunks, and nothing else is touched", async () => {
  const csv = form({ format: "csv" });
  const escaped = form({ format: "csv", escape: "\\", quote: "'" });
  const cases: [string, string, DelimitedForm][] = [
    ["\\.\na\n\\.\r\n\\.", '"\\."\na\n"\\."\r\n"\\."', csv],
    ["a\r\\.\rb", 'a\r"\\."\rb', csv],
    ['"x\n\\.\ny"\n"q""\n\\.\n"\n\\.\n', '"x\n\\.\ny"\n"q""\n\\.\n"\n"\\."\n', csv],
    ["\\.a\n\\..\n\\\\.\na\\.\n\\", "\\.a\n\\..\n\\\\.\na\\.\n\\", csv],
    ["'a\\'\n\\.\n'\n\\.\n", "'a\\'\n\\.\n'\n'\\.'\n", escaped],
  ];
  for (const [text, expected, own] of cases) {
    for (const size of [1, 2, 3, 4, 5, 100]) assert.equal(await passed(text, own, size), expected, `${size}`);
  }
});

Deno.test("in the text format the end mark ends the data, and what follows it is an error", async () => {
  const text = form({});
  for (const size of [1, 2, 3, 100]) {
    assert.equal(await passed("a\n\\N\\.b\n\\.\n\r\n", text, size), "a\n\\N\\.b\n");
    assert.equal(await passed("a\n\\\\.\n\\.", text, size), "a\n\\\\.\n");
    assert.equal(await passed("a\\\nb\\", text, size), "a\\\nb\\");
    await assert.rejects(
      passed("a\n\\.\n\nb\n", text, size),
      /"x", line 3: the end mark \\\. stands here, and more/,
    );
    await assert.rejects(passed("a\nb\\.\nc\n", text, size), /"x", line 3: the end mark \\\. is not alone/);
  }
});

testLoading(
  "no row behind a line of \\. is lost, on any server and in any mode",
  async ({ load, refused, write, sql }) => {
    const csv = await write("mark.csv", "name,junk\na,1\n\\.,2\nb,3\n");
    const mapped = { columns: { junk: null } };
    for (const options of [mapped, { ...mapped, mode: "collect" }]) {
      await sql`truncate shop.raw`;
      assert.equal((await load("shop_loose", { source: csv, options })).copied, 3);
      const names = await sql`select name from shop.raw order by ctid`;
      assert.deepEqual(names.map(({ name }) => name), ["a", "\\.", "b"]);
    }
    await sql`truncate shop.raw`;
    const single = await write("single.csv", 'name\na\n\\.\n"x\n\\.\ny"\nb\n');
    assert.equal((await load("shop_loose", { source: single })).copied, 4);
    assert.deepEqual((await sql`select name from shop.raw order by ctid`).map(({ name }) => name), [
      "a",
      "\\.",
      "x\n\\.\ny",
      "b",
    ]);
    const ended = await write("ended.txt", "1\ta\n\\.\n");
    assert.equal((await load("shop_raw", { source: ended })).copied, 1);
    assert.deepEqual(
      await load("shop_raw", { source: ended, options: { mode: "collect" } }).then(
        ({ copied, rejected }) => [copied, rejected],
      ),
      [1, 0],
    );
    const behind = await write("behind.txt", "1\ta\n\\.\n2\tb\n");
    for (const options of [{}, { mode: "collect" }]) {
      const error = await refused("shop_raw", { source: behind, options });
      assert.equal(error.code, "load.row_invalid");
      assert.match(
        error.message,
        /"behind\.txt", line 2: the end mark \\\. stands here, and more follows it/,
      );
    }
  },
);
