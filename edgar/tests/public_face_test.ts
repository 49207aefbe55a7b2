/** EDGAR is a project as anybody's: of sqlwright it uses the public face `mod.ts` and nothing behind it. */

import assert from "node:assert/strict";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

const edgar = new URL("../", import.meta.url);
const product = new URL("../../", import.meta.url);
/** The tests share the servers and the command line of the product's own tests. */
const shared = /^tests\/(harness|services|cli\/command)\.ts$/;

Deno.test("the TypeScript of EDGAR imports nothing of sqlwright but its public face", async () => {
  const wrong: string[] = [];
  let files = 0;
  for await (const file of filesBelow(edgar)) {
    files++;
    const text = await Deno.readTextFile(file);
    for (const [, specifier] of text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["'`](\.{1,2}\/[^"'`]+)["'`]/g)) {
      const target = new URL(specifier!, file);
      if (target.href.startsWith(edgar.href)) continue;
      const path = relative(fileURLToPath(product), fileURLToPath(target));
      if (path === "mod.ts" || (file.pathname.includes("/tests/") && shared.test(path))) continue;
      wrong.push(`${relative(fileURLToPath(edgar), fileURLToPath(file))} imports ${path}`);
    }
  }
  assert.ok(files > 50, `${files} files were looked at`);
  assert.deepEqual(wrong, []);
});

async function* filesBelow(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesBelow(new URL(`${name}/`, folder));
    else if (name.endsWith(".ts")) yield new URL(name, folder);
  }
}
