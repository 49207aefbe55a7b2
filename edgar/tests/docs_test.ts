/** The docs of EDGAR against its code: every setting and error code has its heading, and no heading is left over. */

import assert from "node:assert/strict";
import { errorCodes } from "../src/errors.ts";
import { settings } from "../src/settings.ts";

const read = (path: string) => Deno.readTextFile(new URL(`../${path}`, import.meta.url));

Deno.test("docs/configuration.md of EDGAR has each setting with its default, and no other", async () => {
  const sections = sectionsOf(await read("docs/configuration.md"));
  assert.deepEqual([...sections.keys()].sort(), Object.keys(settings).sort());
  for (const [name, setting] of Object.entries(settings)) {
    const [, found] = /^Default: (?:`([^`]*)`|none)\./.exec(sections.get(name)!.trim()) ?? assert.fail(name);
    assert.equal(found ?? null, setting.default, name);
  }
});

Deno.test(".env.example of EDGAR has each setting once, commented out, with its default", async () => {
  const lines = [...(await read(".env.example")).matchAll(/^(# )?([A-Z][A-Z_]+)=(.*)$/gm)];
  assert.deepEqual(lines.map(([, , name]) => name).sort(), Object.keys(settings).sort());
  for (const [, comment, name, value] of lines) {
    const setting = settings[name as keyof typeof settings];
    assert.deepEqual([comment, value], ["# ", setting.default ?? ""], name);
  }
});

Deno.test("docs/errors.md of EDGAR has each error code, and no other", async () => {
  assert.deepEqual([...sectionsOf(await read("docs/errors.md")).keys()].sort(), [...errorCodes].sort());
});

function sectionsOf(markdown: string): Map<string, string> {
  return new Map(
    markdown.split(/^## /m).slice(1).map((section) => {
      const [heading = "", ...lines] = section.split("\n");
      return [heading.trim(), lines.join("\n")];
    }),
  );
}
