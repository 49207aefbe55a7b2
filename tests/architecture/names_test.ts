/**
 * Rules of every line. The product knows no project: nothing below `src/`, and neither entry nor migration of
 * it, names the one of this repository. And no line is wider than what `deno fmt` makes of code.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { project as clone } from "../harness.ts";

const product = [
  "src",
  "sql",
  "migrations",
  "main.ts",
  "launch.ts",
  "mod.ts",
  "bin",
  "sqlwright.schema.json",
];

const written = [
  "src",
  "bench",
  "bin",
  "main.ts",
  "launch.ts",
  "mod.ts",
  "edgar/extension.ts",
  "edgar/src",
  "edgar/bench",
];

const mostColumns = 110;

/** Files whose lines may be longer, and why. */
const longer: ReadonlyMap<string, string> = new Map([
  ["src/bookkeeping/queries.ts", "written by `sqlwright types`: a description is a line"],
  ["edgar/src/queries.ts", "written by `sqlwright types`: a description is a line"],
]);

Deno.test("nothing of the product names the project edgar", async () => {
  const named: string[] = [];
  let files = 0;
  for (const place of product) {
    for await (const path of filesOf(place)) {
      files++;
      const lines = (await Deno.readTextFile(join(clone, path))).split("\n");
      for (const [index, line] of lines.entries()) {
        if (/edgar|\bsec\.gov\b/i.test(line)) named.push(`${path}:${index + 1}: ${line.trim()}`);
      }
    }
  }
  assert.ok(files > 150, `${files} files were looked at`);
  assert.deepEqual(named, []);
});

Deno.test("rule 9: no line is over 110 columns, comments too", async () => {
  const wide: string[] = [];
  let files = 0;
  for (const place of written) {
    for await (const path of filesOf(place)) {
      if (!/\.[jt]s$/.test(path) || longer.has(path)) continue;
      files++;
      const lines = (await Deno.readTextFile(join(clone, path))).split("\n");
      for (const [index, line] of lines.entries()) {
        const { length: columns } = [...line];
        if (columns > mostColumns) wide.push(`${path}:${index + 1}: ${columns} columns: ${line.trim()}`);
      }
    }
  }
  assert.ok(files > 300, `${files} files were looked at`);
  assert.deepEqual(wide, []);
});

async function* filesOf(path: string): AsyncGenerator<string> {
  const { isDirectory } = await Deno.stat(join(clone, path));
  if (!isDirectory) return yield path;
  for await (const { name } of Deno.readDir(join(clone, path))) yield* filesOf(`${path}/${name}`);
}
