/** The files for editors: they know every kind and tag, and what a snippet writes is a query file. */

import assert from "node:assert/strict";
import { loadParser } from "../../src/query/parser/libpg_query.ts";
import { kinds } from "../../src/query/model.ts";
import { parseQuery } from "../../src/query/parse.ts";
import { parseSqlTests } from "../../src/sql_tests/parse.ts";
import { tagRules } from "../../src/query/header/tags.ts";
import { projectDirectory } from "./command.ts";

interface Snippet {
  scope: string;
  prefix: string | string[];
  description: string;
  body: string[];
}

const read = async (path: string) =>
  JSON.parse(await Deno.readTextFile(`${projectDirectory}editors/${path}`));
const snippets: Record<string, Snippet> = await read("vscode/sqlwright.code-snippets");

Deno.test("editors/tags.json is the table of tags that the grammar has", async () => {
  assert.deepEqual(await read("tags.json"), {
    kinds: [...kinds],
    tags: [...tagRules].map(([name, rule]) => ({
      name,
      form: rule.form,
      kinds: rule.kinds === null ? [...kinds] : [...rule.kinds],
      repeatable: rule.isRepeatable,
      moduleDefault: rule.isModuleDefault,
    })),
  });
});

Deno.test("there is a snippet for each kind and each tag", () => {
  const prefixes = Object.values(snippets).flatMap(({ prefix }) => prefix);
  for (const kind of kinds) assert.ok(prefixes.includes(`:${kind}`), kind);
  for (const tag of tagRules.keys()) assert.ok(prefixes.includes(`@${tag}`), tag);
  const tags = prefixes.filter((prefix) => prefix.startsWith("@")).map((prefix) => prefix.slice(1));
  assert.deepEqual(tags.filter((tag) => !tagRules.has(tag)), []);
});

Deno.test("what a kind's snippet writes, untouched, is right by its text", async () => {
  await loadParser();
  for (const kind of kinds) {
    const { body } = Object.values(snippets).find(({ prefix }) => [prefix].flat().includes(`:${kind}`))!;
    const text = fill(body);
    const { diagnostics } = parseQuery({ path: "module/name.sql", bytes: new TextEncoder().encode(text) });
    assert.deepEqual(diagnostics.map(({ line, message }) => `${kind} ${line}: ${message}`), []);
  }
});

Deno.test("the snippet of a SQL test is one", async () => {
  await loadParser();
  const text = fill(snippets["SQL test"]!.body);
  assert.deepEqual(parseSqlTests("a.sql", new TextEncoder().encode(text)).diagnostics, []);
});

/** As an editor fills a snippet in when nothing is typed: defaults, and first choices. */
function fill(body: readonly string[]): string {
  let text = body.join("\n").replaceAll("${TM_FILENAME_BASE:name}", "name").replaceAll("$0", "");
  const values = new Map<string, string>();
  text = text.replace(/\$\{(\d+)\|([^|}]*)\|\}/g, (_all, number, choices) => {
    values.set(number, choices.split(",")[0]);
    return choices.split(",")[0];
  });
  for (let before = ""; before !== text;) {
    before = text;
    text = text.replace(/\$\{(\d+):([^${}]*)\}/g, (_all, number, value) => {
      if (!values.has(number)) values.set(number, value);
      return value;
    });
  }
  return `${text}\n`;
}
