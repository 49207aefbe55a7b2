/**
 * The rules of the house, which docs/architecture.md explains: where a file may lie, what it may import, which words it may use. Each
 * test names what breaks its rule, and is green when nothing does.
 */

import assert from "node:assert/strict";
import { errorCodes } from "../src/errors.ts";
import type { Diagnostic } from "../src/query/diagnostic.ts";
import { kinds } from "../src/query/model.ts";
import { type RuleCode, rules } from "../src/query/rules/rule_list.ts";

const project = new URL("..", import.meta.url);

/**
 * Folders of `src`, and files that lie in `src` itself, from the lowest floor to the highest. What is on a floor imports its own floor and
 * lower ones. A folder and the folders in it are one house: the types of `query/model.ts` serve `query/header`, and `query/parse.ts` uses
 * what is read there; that no files import each other in a ring holds for them too.
 */
const floors: readonly (readonly string[])[] = [
  ["errors.ts", "exact_number.ts", "log.ts", "nearest.ts", "version.ts", "web_address.ts"],
  // The sandbox follows what a connection string comes to.
  ["postgres/target"],
  ["packages.ts", "permissions.ts"],
  ["project.ts"],
  ["config.ts"],
  // From a file to a typed query.
  ["query/parser"],
  ["query/rules"],
  ["query/header"],
  ["query"],
  ["postgres/wire"],
  ["postgres"],
  ["postgres/types"],
  ["bookkeeping"],
  ["describe/analysed_tree"],
  ["describe/nullability"],
  ["describe/json_shape"],
  ["describe", "plan"],
  // From a typed query to a tool, and from a call to its answer.
  ["tool"],
  ["load/source"],
  ["load/format"],
  ["load/copy"],
  ["load/merge"],
  ["load"],
  ["call"],
  ["export/format"],
  ["export"],
  ["check", "client", "lock", "scaffold", "sql_tests"],
  ["reload"],
  // What serves, and what serves it.
  ["mcp/auth"],
  ["mcp/http", "mcp/stdio"],
  ["mcp"],
  ["embedded", "migrate"],
  ["databases.ts"],
  ["app.ts"],
  ["extension"],
  ["cli/console"],
  ["cli/calls"],
  ["cli/files", "cli/server"],
  ["cli/init"],
  ["cli"],
  ["library.ts"],
];

/** Programs of their own, and what is imported by a name that is no literal. */
const programs = [
  "main.ts",
  "launch.ts",
  "mod.ts",
  "src/cli/program.ts",
  "src/embedded/supervisor.ts",
  "src/cli/server/sandbox_probe.ts",
  "src/extension/manifest_reader.ts",
  // How another program starts this one: for what writes configurations of hosts.
  "src/cli/server/launch_command.ts",
];

/** What writes new query files has a text for each kind. */
const isTemplate = /^src\/(?:scaffold\/|cli\/files\/(?:new|scaffold|scaffold_table)\.ts$)/;

const mostFiles = 15;
const deepest = 3;

const sources = await filesBelow("src");
const outside = await filesBelow(".", (name) => !name.includes("/"));
/** What each file imports of the project: values and types, at once and later. */
const imports = new Map(
  await Promise.all(
    [...sources, ...outside].map(async (file) => [file, importsOf(file, await read(file))] as const),
  ),
);

Deno.test("rule 1: a folder has at most fifteen files, and lies at most three folders deep", async () => {
  const files = [...sources, ...await filesBelow("edgar/src")];
  const byFolder = Map.groupBy(files, folderOf);
  assert.ok(byFolder.size > 20);
  const wrong = [...byFolder].filter(([folder, { length }]) =>
    length > mostFiles ||
    folder.replace(/^edgar\//, "").split("/").length > deepest + 1
  );
  assert.deepEqual(
    wrong.map(([folder, { length }]) => `${folder} has ${length} files`),
    [],
  );
});

Deno.test("rule 2: a folder imports its own floor and lower ones, and no two import each other", () => {
  const heights = new Map(
    floors.flatMap((floor, height) => floor.map((place) => [place, height] as const)),
  );
  const wrong: string[] = [];
  const pairs = new Map<string, string>();
  for (const file of sources) {
    const from = placeOf(file);
    if (!heights.has(from)) wrong.push(`${file} is on no floor`);
    for (const target of imports.get(file)!) {
      const to = placeOf(target);
      if (!target.startsWith("src/")) continue;
      if (from === to || isWithin(from, to) || isWithin(to, from)) continue;
      if (heights.get(from)! < heights.get(to)!) {
        wrong.push(`${file} imports ${target}, which is above it`);
      }
      pairs.set(`${from} ${to}`, `${file} → ${target}`);
    }
  }
  for (const [pair, edge] of pairs) {
    const [from, to] = pair.split(" ");
    const back = pairs.get(`${to} ${from}`);
    if (back !== undefined && from! < to!) {
      wrong.push(`${from} and ${to} import each other: ${edge}, ${back}`);
    }
  }
  const there = new Set(sources.map(placeOf));
  wrong.push(
    ...[...heights.keys()].filter((place) => !there.has(place)).map((place) =>
      `${place} has a floor, and is not there`
    ),
  );
  assert.deepEqual(wrong, []);
});

Deno.test("rule 3: no files import each other in a ring, types included", async () => {
  const files = [...sources, ...await filesBelow("edgar/src")];
  const graph = new Map(
    await Promise.all(
      files.map(async (file) => [file, importsOf(file, await read(file))] as const),
    ),
  );
  assert.ok([...graph.values()].flat().length > 500);
  assert.deepEqual(ringsOf(graph), []);
});

Deno.test("rule 5: only query/rules, call/kinds.ts and templates of new files ask which kind a query file is", async () => {
  const kind = `"(?:${kinds.join("|")})"`;
  const asks = [
    new RegExp(`\\bkind\\s*[!=]==\\s*${kind}`, "g"),
    new RegExp(`${kind}\\s*[!=]==\\s*[\\w.]*\\bkind\\b`, "g"),
    new RegExp(
      `\\bswitch\\s*\\([\\w.]*\\bkind\\)\\s*\\{\\s*(?:\\/\\/[^\\n]*\\s*)*case\\s+${kind}`,
      "g",
    ),
  ];
  const wrong: string[] = [];
  for (const file of sources) {
    if (
      /^src\/(?:query\/rules\/|call\/kinds\.ts$)/.test(file) ||
      isTemplate.test(file)
    ) continue;
    const text = await read(file);
    for (
      const [found] of asks.flatMap((pattern) => [...text.matchAll(pattern)])
    ) {
      wrong.push(`${file}: ${found}`);
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("rule 6: every diagnostic has a code of the list, and each code and error code its heading", async () => {
  // A type check fails here when a diagnostic may have any text as its code.
  const isListed: Diagnostic["code"] extends RuleCode ? string extends RuleCode ? false : true
    : false = true;
  assert.ok(isListed);
  const headings = async (path: string) =>
    [...(await read(path)).matchAll(/^### `?([^`\n]+)`?$/gm)].map(([, name]) => name!);
  const annotations = await headings("docs/annotations.md");
  assert.deepEqual(
    Object.keys(rules).filter((code) => !annotations.includes(code)),
    [],
  );
  const errors = await headings("docs/errors.md");
  assert.deepEqual({
    missing: errorCodes.filter((code) => !errors.includes(code)),
    surplus: errors.filter((code) => !errorCodes.some((known) => known === code)),
  }, { missing: [], surplus: [] });
  // What writes a diagnostic itself names a code of the list as well: the checker of types sees to that, but not behind a cast.
  const casts: string[] = [];
  for (const file of sources) {
    if (/\bas (?:RuleCode|RuleName|ErrorCode)\b/.test(await read(file))) {
      casts.push(file);
    }
  }
  assert.deepEqual(casts, []);
});

Deno.test("rule 7: no file of src is called as `deno test` calls its tests", () => {
  assert.deepEqual(
    sources.filter((file) => /(?:^|[/_.])test\.[jt]sx?$/.test(file)),
    [],
  );
});

Deno.test("rule 8: numbers of tools and migrations in README.md are those of the code", async () => {
  const readme = await read("README.md");
  const migrations = (await Promise.all(["migrations", "edgar/migrations"].map(namesIn))).flat()
    .filter((name) => /^\d{4}_\w+\.sql$/.test(name)).length;
  const wrong = [...readme.matchAll(/(\d+) migrations?\b/g)].filter((
    [, number],
  ) => Number(number) !== migrations);
  assert.deepEqual(
    wrong.map(([text]) => `${text}, and there are ${migrations}`),
    [],
  );
  // The number of tools is another with each module: it is not told.
  assert.deepEqual(
    [...readme.matchAll(/"tools":\d+|\b\d+ tools\b/g)].map(([text]) => text),
    [],
  );
});

Deno.test("rule 10: docs/architecture.md names every folder in the order of the data, and no file", async () => {
  const map = await read("docs/architecture.md");
  const wanted = new Set(
    sources.filter((file) => file.split("/").length > 2).map((file) => folderOf(file).slice(4)),
  );
  const named = [...map.matchAll(/^\| `([a-z_/]+)\/`/gm)].map(([, folder]) => folder!);
  assert.deepEqual(
    [...wanted].filter((folder) => !named.includes(folder)),
    [],
    "folders without a line",
  );
  assert.deepEqual(
    named.filter((folder) => !wanted.has(folder)),
    [],
    "folders that are not there",
  );
  assert.equal(new Set(named).size, named.length, "a folder has two lines");
  // Entry points are files, and have names that everybody types.
  const entries = ["main.ts", "launch.ts", "mod.ts", "app.ts", "extension.ts"];
  const files = [...map.matchAll(/`([\w/]+\.(?:ts|js))`/g)].map(([, file]) => file!);
  assert.deepEqual(
    files.filter((file) => !entries.includes(file) && !file.startsWith("tests/")),
    [],
    "files",
  );
  // The path of a file, then that of a call.
  const order = [
    "query",
    "postgres",
    "describe",
    "check",
    "lock",
    "tool",
    "call",
    "load",
    "export",
    "mcp",
    "cli",
  ];
  assert.deepEqual(named.filter((folder) => order.includes(folder)), order);
});

Deno.test("every file of src is reached from an entry point or started by one", () => {
  const reached = new Set<string>();
  const open = [...programs];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    open.push(...imports.get(file) ?? []);
  }
  assert.deepEqual(
    sources.filter((file) => file.endsWith(".ts") && !reached.has(file)),
    [],
  );
});

/** The place of a file on the floors: its folder below `src`, or the file itself. */
function placeOf(file: string): string {
  const folder = folderOf(file);
  return folder === "src" || folder === ""
    ? file.slice(file.lastIndexOf("/") + 1)
    : folder.slice("src/".length);
}

function isWithin(folder: string, other: string): boolean {
  return folder.startsWith(`${other}/`);
}

function folderOf(file: string): string {
  return file.slice(0, Math.max(0, file.lastIndexOf("/")));
}

/** Paths in the project, of files that are there. */
function importsOf(file: string, text: string): string[] {
  const pattern =
    /(?:^|[\n;}])\s*(?:import|export)\b[^;'"`]*?\bfrom\s*"(\.[^"]+)"|\bimport\s*\(?\s*"(\.[^"]+)"/g;
  const found = [...text.matchAll(pattern)].map(([, named, bare]) => (named ?? bare)!);
  const paths = found.map((path) => new URL(path, new URL(file, project)).href);
  return [...new Set(paths)].filter((path) => path.startsWith(project.href))
    .map((path) => path.slice(project.href.length));
}

/** Groups of files of which each reaches all others (Tarjan's strongly connected components). */
function ringsOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const rings: string[][] = [];
  const numbers = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const visit = (file: string): void => {
    numbers.set(file, numbers.size);
    lowest.set(file, numbers.get(file)!);
    stack.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!graph.has(next)) continue;
      if (!numbers.has(next)) visit(next);
      if (stack.includes(next)) {
        lowest.set(file, Math.min(lowest.get(file)!, lowest.get(next)!));
      }
    }
    if (lowest.get(file) !== numbers.get(file)) return;
    const ring = stack.splice(stack.indexOf(file));
    if (ring.length > 1) rings.push(ring.sort());
  };
  for (const file of graph.keys()) if (!numbers.has(file)) visit(file);
  return rings;
}

async function filesBelow(
  folder: string,
  isWanted: (path: string) => boolean = () => true,
): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(new URL(`${folder}/`, project))) {
    const path = folder === "." ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory) {
      if (folder !== ".") files.push(...await filesBelow(path, isWanted));
    } else if (/\.[jt]s$/.test(entry.name) && isWanted(path)) files.push(path);
  }
  return files.sort();
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(new URL(`${folder}/`, project))) {
    names.push(name);
  }
  return names;
}

function read(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, project));
}
