/** `sqlwright export`: to a file, to standard output, and what becomes of readers that leave and disks that are full. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { makeDatabase, run, spawn } from "./command.ts";
import { withFiles } from "../harness.ts";

const files = {
  "shop/numbers.sql": `-- name: numbers :many
-- Many numbers.
--
-- @param last = 200000  The last one
-- @rows 10

select number.value, 'row ' || number.value as name from generate_series(1, :last::int) as number (value)
`,
};

Deno.test("export writes all rows to a file or to standard output, and tells the counts apart from them", async () => {
  await using database = await makeDatabase();
  await withFiles(files, async (sql) => {
    const options = { databaseUrl: database.url, sql };
    const piped = await run(["export", "shop_numbers", "--last", "3"], options);
    assert.deepEqual([piped.code, piped.stdout], [0, "value,name\n1,row 1\n2,row 2\n3,row 3\n"]);
    assert.match(piped.stderr, /^3 rows · 35 bytes/);
    const path = join(sql, "numbers.ndjson");
    const filed = await run(
      ["export", "shop_numbers", "--last", "20", "--format", "ndjson", "--out", path],
      options,
    );
    assert.deepEqual([filed.code, filed.stdout], [0, ""]);
    assert.ok(filed.stderr.startsWith(`${path}  20 rows`), filed.stderr);
    assert.match(await Deno.readTextFile(path), /^\{"value":1,"name":"row 1"\}\n/);
    const wrong = await run(["export", "shop_numbers", "--format", "xml"], options);
    assert.deepEqual([wrong.code, wrong.stdout], [2, ""]);
    assert.match(wrong.stderr, /there is no format "xml"/);
  });
});

Deno.test("export ends well when its reader has enough, and says when standard output is full", async () => {
  await using database = await makeDatabase();
  await withFiles(files, async (sql) => {
    const options = { databaseUrl: database.url, sql };
    const child = spawn(["--allow-all"], ["export", "shop_numbers"], options);
    await child.stdin.close();
    const reader = child.stdout.getReader();
    assert.ok((await reader.read()).value!.length > 0);
    await reader.cancel();
    const [{ code }, stderr] = await Promise.all([child.status, new Response(child.stderr).text()]);
    assert.deepEqual([code, stderr], [0, ""]);
    const full = await new Deno.Command("sh", {
      args: [
        "-c",
        `"$0" run --no-prompt --cached-only -A main.ts export shop_numbers > /dev/full`,
        Deno.execPath(),
      ],
      env: { DATABASE_URL: database.url, SQLWRIGHT_SQL_DIR: sql, NO_COLOR: "1" },
    }).output();
    assert.equal(full.code, 1);
    assert.match(
      new TextDecoder().decode(full.stderr),
      /error\[export\.unwritable\] Cannot write "standard output": the disk is full/,
    );
  });
});
