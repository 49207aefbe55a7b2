/** Exports: the formats beside COPY and hyparquet, files, and what can go wrong with them. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { SqlwrightError } from "../../src/errors.ts";
import { writeWholeFile } from "../../src/export/format/file.ts";
import type { ByteSink } from "../../src/export/format/model.ts";
import type { ExportFormat } from "../../src/export/format/format.ts";
import { callContext, type TestDatabase, testOnEach } from "../harness.ts";
import { decode, exportOf, select, withExports } from "./exporting.ts";

testOnEach("csv is byte for byte what PostgreSQL copies, beyond the ceiling of rows", async (server) => {
  await withExports(async ({ application, database }) => {
    const ours = await exportOf(application, "odd_values", { least: 1 }, "csv");
    const theirs = await copyOut(database, `${select} 1 order by value.id`);
    assert.equal(decode(ours), decode(theirs));
    const column = await exportOf(application, "odd_words", {}, "csv");
    assert.equal(
      decode(column).replace(/^"\\\.\"$/m, "\\."),
      decode(await copyOut(database, "select words from odd.value order by id")).replace(
        /^"\\\.\"$/m,
        "\\.",
      ),
      "PostgreSQL 18 no longer quotes a backslash and a dot",
    );
  }, { server });
});

/** What `\\copy` of psql writes to a file: the bytes that the server sends. */
async function copyOut({ sql }: TestDatabase, query: string): Promise<Uint8Array> {
  return await sql.begin(async (transaction) => {
    await transaction.unsafe(
      "set local intervalstyle = iso_8601; set local timezone = 'UTC'; set local datestyle = 'ISO,YMD'",
    );
    const stream = await transaction.unsafe(`copy (${query}) to stdout (format csv, header)`).readable();
    return new Uint8Array(await new Response(ReadableStream.from(stream)).arrayBuffer());
  });
}

Deno.test("ndjson has the objects that the tool answers, one a line; a report is its document", async () => {
  await withExports(async ({ application }) => {
    const lines = decode(await exportOf(application, "odd_values", { least: 1 }, "ndjson")).trimEnd().split(
      "\n",
    );
    const { structured } = await application.callTool("odd_values", { least: 1 }, callContext());
    assert.equal(lines.length, 5);
    assert.deepEqual(lines.slice(0, 2).map((line) => JSON.parse(line)), structured.rows);
    assert.equal(decode(await exportOf(application, "odd_overview", {}, "ndjson")), '{"count":5}\n');
    const all = decode(await exportOf(application, "odd_numbers", { most: 4321 }, "ndjson")).trimEnd().split(
      "\n",
    );
    assert.equal(all.length, 4321);
    assert.deepEqual(JSON.parse(all.at(-1)!), { n: 4321, name: "number 4321" });
  });
});

testOnEach("parquet has PostgreSQL's types, and reads back as it was", async (server) => {
  await withExports(async ({ application, database }) => {
    await database.sql`delete from odd.value where id = 5`;
    const bytes = await exportOf(application, "odd_values", { least: 1 }, "parquet");
    const rows = await parquetReadObjects({ file: bytes.buffer as ArrayBuffer, utf8: false });
    assert.equal(rows.length, 4);
    const [first, second, third] = rows as Record<string, unknown>[];
    assert.deepEqual(first, {
      id: 1n,
      words: "plain",
      number: 1.5,
      big: 12345678901234567890.123456,
      plain: "0.10",
      small: 7,
      ratio: 0.1,
      narrow: 1.5,
      is_on: true,
      day: new Date("2024-02-29T00:00:00Z"),
      moment: new Date("2024-02-29T23:59:59.123Z"),
      local: new Date("1969-12-31T23:59:59.500Z"),
      doc: { a: "x y", b: [1, 2] },
      tags: ["a", "b c", null],
      raw: new Uint8Array([0, 255]),
      key: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
      size: "large",
      span: "P1D",
    });
    assert.deepEqual(
      [second!.number, second!.big, second!.plain, second!.day, second!.tags],
      [-0.05, -0.000001, "-0.0000000001", new Date("0044-03-15T00:00:00Z"), []],
    );
    assert.deepEqual(
      Object.entries(third!).filter(([, value]) => value !== null && value !== undefined).map(([name]) =>
        name
      ),
      ["id", "words"],
    );
  }, { server });
});

Deno.test("parquet in many row groups is one file", async () => {
  await withExports(async ({ application }) => {
    const bytes = await exportOf(application, "odd_numbers", { most: 120_001 }, "parquet");
    const rows = await parquetReadObjects({ file: bytes.buffer as ArrayBuffer, columns: ["n"] });
    assert.equal(rows.length, 120_001);
    assert.equal(rows.at(-1)!.n, 120_001n);
    const empty = await exportOf(application, "odd_values", { least: 99 }, "parquet");
    assert.deepEqual(await parquetReadObjects({ file: empty.buffer as ArrayBuffer }), []);
  });
});

Deno.test("what cannot be exported is refused with a reason", async () => {
  await withExports(async ({ application }) => {
    const refused = async (tool: string, args: Record<string, unknown>, format: ExportFormat, own = {}) => {
      try {
        await exportOf(application, tool, args, format, own);
      } catch (error) {
        assert.ok(error instanceof SqlwrightError, String(error));
        return error.code;
      }
      assert.fail("it was exported");
    };
    assert.equal(await refused("odd_nothing", {}, "csv"), "tool.unknown");
    assert.equal(await refused("odd_rename", { id: 1 }, "csv"), "export.refused");
    assert.equal(await refused("odd_overview", {}, "csv"), "export.refused");
    assert.equal(await refused("odd_numbers", { most: "x" }, "csv"), "argument.invalid");
    assert.equal(await refused("odd_numbers", { most: 1, page_size: 3 }, "csv"), "argument.invalid");
    assert.equal(await refused("odd_numbers", { most: 100_000 }, "csv", { bytes: 5000 }), "export.too_large");
    assert.equal(await refused("odd_stream", { most: 1e9 }, "csv", { timeout_ms: 200 }), "call.timeout");
    assert.equal(await refused("odd_stops", {}, "csv"), "database.failed");
  });
});

Deno.test("over stdio the tool writes files where it may, and is not there where it may not", async () => {
  await withExports(({ application }) => {
    assert.deepEqual(application.programTools, []);
    return Promise.resolve();
  });
  const folder = await Deno.makeTempDir({ prefix: "sqlwright_export_" });
  try {
    await withExports(async ({ application }) => {
      const { structured, links, text } = await application.callTool(
        "sqlwright_export",
        { tool: "odd_words", format: "ndjson" },
        callContext(),
      );
      assert.equal(structured.rows, 5, text);
      assert.equal(links?.[0]?.uri, structured.file);
      assert.equal(links?.[0]?.size, structured.bytes);
      assert.equal((await Deno.readTextFile(new URL(String(structured.file)))).split("\n").length, 6);
      const failed = await application.callTool("sqlwright_export", { tool: "odd_stops" }, callContext());
      assert.equal(failed.isError, true);
      assert.equal((await Array.fromAsync(Deno.readDir(folder))).length, 1, "half a file is no file");
    }, { variables: { SQLWRIGHT_EXPORT_DIR: folder } });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a link is written through, and what is no regular file is not replaced", async () => {
  const folder = await Deno.makeTempDir({ prefix: "sqlwright_export_" });
  try {
    const [file, link, pipe] = ["out.csv", "link.csv", "pipe"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await Deno.writeTextFile(file, "before");
    await Deno.symlink(file, link);
    await writeWholeFile(link, async (sink) => await sink(new TextEncoder().encode("after")));
    assert.equal(await Deno.readTextFile(file), "after");
    assert.ok((await Deno.lstat(link)).isSymlink);
    assert.ok((await new Deno.Command("mkfifo", { args: [pipe] }).output()).success);
    await assert.rejects(
      writeWholeFile(pipe, () => assert.fail("it was begun")),
      { code: "export.unwritable", message: `Cannot write "${pipe}": it is no regular file` },
    );
    assert.ok((await Deno.lstat(pipe)).isFifo);
    assert.equal((await Array.fromAsync(Deno.readDir(folder))).length, 3);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a file that cannot be written says why, and what was there before stays", async () => {
  const folder = await Deno.makeTempDir({ prefix: "sqlwright_export_" });
  try {
    const path = join(folder, "out.csv");
    await Deno.writeTextFile(path, "before");
    const codeOf = async (path: string, produce: (sink: ByteSink) => Promise<void>) =>
      await writeWholeFile(path, produce).then(() => null, (error) => [error.code, error.message]);
    const fails = () => Promise.reject(new SqlwrightError("call.timeout", "late"));
    assert.deepEqual(
      await codeOf(path, async (sink) => {
        await sink(new Uint8Array(1e6));
        await fails();
      }),
      ["call.timeout", "late"],
    );
    assert.equal(await Deno.readTextFile(path), "before");
    const missing = await codeOf(join(folder, "no/out.csv"), () => Promise.resolve());
    assert.equal(missing![0], "export.unwritable");
    assert.match(missing![1], /no such folder/);
    assert.equal((await codeOf(folder, () => Promise.resolve()))![0], "export.unwritable");
    assert.deepEqual((await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name), ["out.csv"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
