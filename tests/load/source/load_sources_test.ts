/** Loads through a `:copy` tool from each kind of source, as the settings allow them. */

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";
import { withDatabase, withTools } from "../../harness.ts";
import { answerOf, withOddServer } from "./odd_server.ts";
import { withSources } from "./reading.ts";

const files = {
  "shop/load_rows.sql": `-- name: load_rows :copy
-- Loads rows.
--
-- @column id     Number
-- @column value  Text

copy public.staged (id, value) from stdin (format csv);
`,
  "shop/load_lines.sql": `-- name: load_lines :copy
-- Loads lines.
--
-- @column line   Text

copy public.line (line) from stdin;
`,
};
const rows = Array.from({ length: 20_000 }, (_, id) => `${id},value ${id}\n`).join("");

Deno.test("a :copy tool loads what the settings allow, and nothing of what is broken", async () => {
  const writer = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false });
  await writer.add("rows.csv", new Uint8ArrayReader(new TextEncoder().encode(rows)));
  const zip = await writer.close();
  const packed = gzipSync(rows);
  const csv = { "content-type": "text/csv" };
  await withOddServer(
    async ({ path }, write) => {
      if (path === "/rows.csv") await write(answerOf("200 OK", csv, rows));
      else if (path === "/cut.csv") await write(answerOf("200 OK", csv, rows).subarray(0, 10_200));
      else if (path === "/away.csv") {
        await write(
          answerOf("302 Found", { location: "https://example.org/rows.csv" }),
        );
      } else {await write(
          answerOf("404 Not Found", { "content-type": "text/html" }, "<title>None</title>"),
        );}
    },
    ({ base, port }) =>
      withSources(
        { "rows.csv.gz": packed, "cut.csv.gz": packed.subarray(0, 50_000), "rows.zip": zip },
        ({ directory }) =>
          withDatabase(async (database) => {
            const { sql } = database;
            await sql.unsafe(`
          create table public.staged (id bigint, value text);
          create table public.line (line text);
          grant select, insert on public.staged, public.line to sqlwright_server;
        `);
            const countOf = async (table: string) =>
              (await sql.unsafe(`select count(*)::integer as count from public.${table}`))[0]!.count;
            await withTools(database, files, async (call) => {
              const load = (source: string) => call("shop_load_rows", { source });
              for (
                const [source, code] of [
                  ["cut.csv.gz", "load.source_corrupt"],
                  [`${base}/cut.csv`, "load.source_cut"],
                  [`${base}/away.csv`, "load.source_refused"],
                  [`${base}/none.csv`, "load.source_unreadable"],
                  [`http://127.0.0.1:1/rows.csv`, "load.source_refused"],
                  ["rows.zip#none.csv", "load.source_refused"],
                  ["resource:sqlwright://none", "load.source_unreadable"],
                  ["upload:00000000000000000000000000000000", "load.source_unreadable"],
                ] as const
              ) {
                const result = await load(source);
                assert.equal(result.isError, true, source);
                assert.ok(result.text.includes(`"${code}"`), result.text);
              }
              assert.equal(await countOf("staged"), 0);
              let expected = 0;
              for (const source of ["rows.csv.gz", "rows.zip", "rows.zip#rows.csv", `${base}/rows.csv`]) {
                const result = await load(source);
                assert.equal(result.isError, false, result.text);
                assert.equal(result.structured.copied, 20_000);
                assert.equal(await countOf("staged"), expected += 20_000);
              }
              const lines = await call("shop_load_lines", {
                source: "resource:sqlwright://sql/shop/load_lines.sql",
              });
              assert.equal(lines.isError, false, lines.text);
              assert.equal(await countOf("line"), files["shop/load_lines.sql"].trimEnd().split("\n").length);
            }, { SQLWRIGHT_SOURCE_DIR: directory, SQLWRIGHT_SOURCE_HOSTS: `127.0.0.1:${port}` });
            await withTools(database, files, async (call) => {
              const off = await call("shop_load_rows", { source: `${base}/rows.csv` });
              assert.match(off.text, /which is not on the list of hosts/);
              const large = await call("shop_load_rows", { source: "rows.csv.gz" });
              assert.match(large.text, /load\.source_too_large/);
            }, { SQLWRIGHT_SOURCE_DIR: directory, SQLWRIGHT_MAX_SOURCE: "100kB" });
          }),
      ),
  );
});
