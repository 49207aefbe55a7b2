/** The typed client: real calls, typed answers, errors thrown, and wrong arguments refused by the compiler. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { queryClient } from "../../src/client/queries.ts";
import type { Queries } from "../../edgar/src/queries.ts";
import { SqlwrightError } from "../../src/errors.ts";
import { project, withDatabase, withTestApplication } from "../harness.ts";

Deno.test("queries.edgar.… calls the tool and answers what its types say", async () => {
  await withDatabase(async ({ serverUrl }) => {
    await withTestApplication({ DATABASE_URL: serverUrl }, async ({ callTool }) => {
      const queries = queryClient<Queries>(callTool);
      const { row } = await queries.edgar.company_profile({ cik: 320193 });
      const name: string | null | undefined = row?.name;
      assert.equal(name, "Apple Inc.");
      const page = await queries.edgar.company_filings({ cik: 320193, forms: ["10-K"], page_size: 2 });
      assert.equal(page.rows.length, 2);
      const next = await queries.edgar.company_filings({
        cik: 320193,
        forms: ["10-K"],
        page_size: 2,
        cursor: page.next_cursor,
      });
      assert.ok(next.rows[0]!.accession !== page.rows[0]!.accession);
      const all = await queries.edgar.headline_items();
      assert.ok(all.rows.length > 0);
    });
  });
});

Deno.test("what a tool answers as an error is thrown with its code, details and hint", async () => {
  await withDatabase(async ({ serverUrl }) => {
    await withTestApplication({ DATABASE_URL: serverUrl }, async ({ callTool }) => {
      const queries = queryClient<Queries>(callTool);
      await assert.rejects(queries.edgar.company_profile({ cik: 0 }), (error: unknown) => {
        assert.ok(error instanceof SqlwrightError);
        assert.equal(error.code, "argument.invalid");
        assert.match(error.message, /"cik" must be at least 1/);
        assert.ok(error.hint);
        return true;
      });
      const other = queryClient<{ edgar: { nothing: { arguments: object; result: object } } }>(callTool);
      await assert.rejects(other.edgar.nothing(), { code: "tool.unknown" });
      const aborted = AbortSignal.abort();
      await assert.rejects(queries.edgar.company_profile({ cik: 1 }, { signal: aborted }), {
        code: "call.cancelled",
      });
      assert.equal(await Promise.resolve(queries), queries, "a client is no promise");
    });
  });
});

Deno.test("the compiler refuses wrong arguments and wrong uses of an answer, and takes right ones", async () => {
  const cases: [string, RegExp | null][] = [
    ["await queries.edgar.company_profile({ cik: 320193 });", null],
    ["const { rows } = await queries.edgar.headline_items(); rows[0]!.item satisfies string | null;", null],
    ['await queries.edgar.company_profile({ cik: "320193 x" as const, nme: 1 });', /TS2353|TS2322/],
    ["await queries.edgar.company_profile({ cik: true });", /TS2322/],
    ["await queries.edgar.company_profile();", /TS2554/],
    ["await queries.edgar.company_profil({ cik: 1 });", /TS2551/],
    ['await queries.edgar.set_filing_status({ rows: [{ accession: "x", status: "lost" }] });', /TS2322/],
    ["const { row } = await queries.edgar.company_profile({ cik: 1 }); row.name;", /TS18047/],
    ["const { row } = await queries.edgar.company_profile({ cik: 1 }); row?.nme;", /TS2551|TS2339/],
  ];
  const directory = await Deno.makeTempDir({ prefix: "sqlwright_compile_" });
  try {
    const head = `import { queryClient } from "${new URL("../../src/client/queries.ts", import.meta.url)}";
import type { Queries } from "${new URL("../../edgar/src/queries.ts", import.meta.url)}";
declare const callTool: Parameters<typeof queryClient>[0];
const queries = queryClient<Queries>(callTool);
`;
    const paths = cases.map((_case, index) => join(directory, `case_${index}.ts`));
    await Promise.all(
      cases.map(([code], index) => Deno.writeTextFile(paths[index]!, `${head}${code}\nexport {};\n`)),
    );
    const { stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "--config", join(project, "edgar/deno.json"), ...paths],
      cwd: project,
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
      stdin: "null",
      signal: AbortSignal.timeout(60_000),
    }).output();
    // Each finding ends in its place: its text is what stands before.
    const found = new TextDecoder().decode(stderr);
    for (const [index, [code, expected]] of cases.entries()) {
      const own = [...found.matchAll(/(TS\d+) \[ERROR\][\s\S]*?case_(\d+)\.ts:\d+:\d+/g)]
        .filter(([, , number]) => Number(number) === index).map(([, error]) => error);
      if (expected === null) assert.deepEqual(own, [], code);
      else assert.match(own.join(" "), expected, `${code}\n${found}`);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
