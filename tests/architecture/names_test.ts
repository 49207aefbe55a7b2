/** The product knows no project: nothing below `src/`, and neither entry nor migration of it, names the one of this repository. */

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

async function* filesOf(path: string): AsyncGenerator<string> {
  const { isDirectory } = await Deno.stat(join(clone, path));
  if (!isDirectory) return yield path;
  for await (const { name } of Deno.readDir(join(clone, path))) yield* filesOf(`${path}/${name}`);
}
