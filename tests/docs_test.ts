/** The docs against the code: every setting, error, tag, kind, rule and command has its heading, and no heading is left over. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { commandOf } from "../src/cli/server/setup.ts";
import { type Config, readConfig, settings } from "../src/config.ts";
import { errorCodes } from "../src/errors.ts";
import { findProject } from "../src/project.ts";
import { kinds } from "../src/query/model.ts";
import { rules } from "../src/query/rules/rule_list.ts";
import { tagRules, unbuiltTags } from "../src/query/header/tags.ts";

const project = new URL("..", import.meta.url).pathname;
const read = (path: string) => Deno.readTextFile(join(project, path));

Deno.test("docs/configuration.md has each setting with its default, and no other", async () => {
  const sections = sectionsOf(await read("docs/configuration.md"), 3);
  sameNames([...sections.keys()], Object.keys(settings), "settings");
  const defaults = readConfig({});
  for (const [name, text] of sections) {
    const documented = /^Default: (?:`([^`]*)`|none)/.exec(text.trim());
    assert.ok(documented, `${name} does not begin with its default`);
    const value = documented[1] ?? "";
    assert.deepEqual(readConfig({ [name]: value }), defaults, `${name}: the documented default is another`);
    assert.match(text, /^Default: .*(Unit: |Values: |Form: |A path\.)/m, `${name} has no unit or form`);
  }
});

Deno.test(".env.example has each setting once, commented out, with its default", async () => {
  const lines = [...(await read(".env.example")).matchAll(/^(# )?([A-Z][A-Z_]+)=(.*)$/gm)];
  sameNames(lines.map(([, , name]) => name!), Object.keys(settings), "settings");
  const defaults = readConfig({});
  for (const [, comment, name, value] of lines) {
    assert.equal(comment, "# ", `${name} is not commented out`);
    if (name === "DATABASE_URL") continue;
    assert.deepEqual(readConfig({ [name!]: value }), defaults, `${name}: the default is another`);
  }
});

Deno.test("docs/errors.md has each error code, and no other", async () => {
  sameNames([...sectionsOf(await read("docs/errors.md"), 3).keys()], errorCodes, "error codes");
});

Deno.test("docs/annotations.md has each kind, tag and rule, and no other", async () => {
  const parts = sectionsOf(await read("docs/annotations.md"), 2);
  sameNames([...sectionsOf(parts.get("Kinds")!, 3).keys()], kinds, "kinds");
  sameNames([...sectionsOf(parts.get("Tags")!, 3).keys()], [...tagRules.keys()], "tags");
  sameNames([...sectionsOf(parts.get("Rules")!, 3).keys()], Object.keys(rules), "rules");
});

Deno.test("docs/annotations.md says of each tag its kinds, its repetition, and whether it is built", async () => {
  const tags = sectionsOf(await read("docs/annotations.md"), 2).get("Tags")!;
  const sections = sectionsOf(tags, 3);
  for (const [name, rule] of tagRules) {
    const row = tags.split("\n").find((line) => line.startsWith(`| [\`@${name}\`](#${name}) `));
    assert.ok(row, `@${name} is not in the table`);
    const [tagKinds, repeat, isDefault, effect] = row.split("|").slice(2).map((cell) => cell.trim());
    assert.equal(
      tagKinds,
      rule.kinds?.map((kind) => `\`:${kind}\``).join(" ") ?? "all",
      `the kinds of @${name}`,
    );
    assert.equal(repeat, rule.isRepeatable ? "yes" : "no", `the repetition of @${name}`);
    assert.equal(isDefault, rule.isModuleDefault ? "yes" : "no", `whether @${name} is a module default`);
    assert.equal(effect!.includes("not built"), unbuiltTags.has(name), `whether @${name} is built`);
    assert.equal(
      /[Nn]ot built yet/.test(sections.get(name)!),
      unbuiltTags.has(name) || name === "param",
      name,
    );
  }
});

Deno.test("docs/annotations.md quotes each rule's demand and remedy, and who may switch it off", async () => {
  const sections = sectionsOf(sectionsOf(await read("docs/annotations.md"), 2).get("Rules")!, 3);
  for (const [code, { title, fix, allowable, checked }] of Object.entries(rules)) {
    const section = withoutSpaces(sections.get(code)!);
    assert.ok(section.includes(withoutSpaces(title)), `${code} lacks: ${title}`);
    assert.ok(section.includes(withoutSpaces(fix)), `${code} lacks: ${fix}`);
    assert.equal(section.includes("Canbeallowed."), allowable, `${code}: allowable`);
    assert.equal(section.includes("Database."), checked === "database", `${code}: checked by the database`);
  }
});

Deno.test("docs/operations.md describes each command of the help, and no other", async () => {
  const commands = await commandNames();
  assert.ok(commands.includes("serve"));
  const parts = sectionsOf(await read("docs/operations.md"), 2);
  sameNames([...sectionsOf(parts.get("Commands")!, 3).keys()], commands, "commands");
});

Deno.test("docs/clients.md shows what client-config prints for each client", async () => {
  const page = await read("docs/clients.md");
  for (const client of ["claude-desktop", "claude-code", "cursor", "vscode"]) {
    for (const transport of client === "claude-code" ? [[], ["--http"]] : [[]]) {
      const { stdout } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--allow-all", "main.ts", "client-config", "--project", "edgar", client, ...transport],
        cwd: project,
        env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", SQLWRIGHT_HTTP: "127.0.0.1:8321" },
        stdin: "null",
        signal: AbortSignal.timeout(60_000),
      }).output();
      const printed = new TextDecoder().decode(stdout).trim()
        .replaceAll(Deno.execPath(), "/path/to/deno")
        .replaceAll(project.replace(/\/$/, ""), "/path/to/sqlwright");
      assert.ok(printed !== "" && page.includes(printed), `docs/clients.md does not show:\n${printed}`);
    }
  }
});

Deno.test("README.md names the tags that are not built yet, and no other", async () => {
  const section = sectionsOf(await read("README.md"), 2).get("What it does not do yet")!;
  const list = /^- Tags [^]*?\n(?=- )/m.exec(section)?.[0].split("`@example`")[0] ?? "";
  const named = [...list.matchAll(/`@([a-z-]+)( … from claim)?`/g)].map(([, tag, from]) =>
    from === undefined ? tag! : `${tag} from`
  );
  sameNames(named, [...unbuiltTags], "tags that are not built");
});

Deno.test("the sandbox flags in deploy/ and docs/ are those that permissions prints", async () => {
  const flagsOf = async (config: Config) =>
    (await commandOf(config, "postgresql://agent@localhost:5432/database", { http: "127.0.0.1:8321" })).flags;
  const served = findProject({ project: join(project, "edgar") });
  const ofProject = await flagsOf(readConfig({}, { project: served, base: served.directory }));
  const inPlace = ofProject.map((flag) => flag.replaceAll(project, "/opt/sqlwright/"));
  const unit = withoutSpaces((await read("deploy/sqlwright.service")).replaceAll("\\\n", ""));
  const line = `deno run ${inPlace.join(" ")} main.ts serve --project /opt/sqlwright/edgar`;
  assert.ok(unit.includes(withoutSpaces(line)), line);
  // It is built and run in the folder of sqlwright.
  const flags = (await flagsOf(readConfig({}))).map((flag) => flag.replaceAll(project, ""));
  const compile = withoutSpaces((await read("docs/operations.md")).replaceAll("\\\n", ""));
  const built = flags.filter((flag) => flag.startsWith("--allow-")).join("");
  assert.ok(compile.includes(built), built);
});

Deno.test("every task has a description", async () => {
  const { tasks } = JSON.parse(await read("deno.json"));
  for (const [name, task] of Object.entries(tasks as Record<string, { description?: string }>)) {
    assert.ok(task.description, `deno task ${name} has no description`);
  }
});

Deno.test("links between the docs lead to files and headings that exist", async () => {
  for (const path of await markdownFiles()) {
    const text = withoutCode(await read(path));
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      const [file, anchor] = target!.split("#") as [string, string | undefined];
      const linked = file === "" ? path : join(path, "..", file);
      const info = await Deno.stat(join(project, linked)).catch(() => null);
      assert.ok(info, `${path} links to ${target}, which does not exist`);
      if (anchor === undefined || !info.isFile) continue;
      assert.ok(
        anchorsOf(await read(linked)).has(anchor),
        `${path} links to ${target}, and there is no such heading`,
      );
    }
  }
});

Deno.test("the docs name only commands, tasks and settings that exist", async () => {
  // The last two are projects, whose commands are below their names.
  const commands = [...await commandNames(), "edgar", "shop"];
  const tasks = Object.keys(JSON.parse(await read("deno.json")).tasks);
  for (const path of await markdownFiles()) {
    if (path.startsWith("docs/decisions/")) continue;
    const text = await read(path);
    for (const [, name] of text.matchAll(/deno(?:@[\d.]+)? task (?:--quiet )?([a-z][a-z:-]*)/g)) {
      assert.ok(tasks.includes(name!), `${path} names "deno task ${name}", which does not exist`);
    }
    for (const [, name] of text.matchAll(/`(?:deno task )?sqlwright ([a-z-]+)/g)) {
      assert.ok(commands.includes(name!), `${path} names the command "${name}", which does not exist`);
    }
    for (const [name] of text.matchAll(/\bSQLWRIGHT_[A-Z_]*[A-Z]\b(?!_?\*)/g)) {
      const isKnown = Object.hasOwn(settings, name) || name.startsWith("SQLWRIGHT_TEST_");
      assert.ok(isKnown, `${path} names the setting ${name}, which does not exist`);
    }
  }
});

/** Those of the help outside of any project. */
async function commandNames(): Promise<string[]> {
  const texts = (await read("src/cli/program.ts")).matchAll(/\bcommand\(\s*"([a-z-]+)"/g);
  return [...texts].map(([, name]) => name!);
}

/** Texts below the headings of one level, by heading without backticks. */
function sectionsOf(markdown: string, level: number): Map<string, string> {
  const sections = new Map<string, string>();
  let current: string | null = null;
  let isCode = false;
  for (const line of markdown.split("\n")) {
    if (line.startsWith("```")) isCode = !isCode;
    const heading: RegExpExecArray | null = isCode ? null : /^(#+) (.+)$/.exec(line);
    if (heading && heading[1]!.length <= level) {
      current = heading[1]!.length === level ? heading[2]!.replaceAll("`", "").trim() : null;
      if (current === null) continue;
      assert.ok(!sections.has(current), `two headings are called "${current}"`);
      sections.set(current, "");
    } else if (current !== null) {
      sections.set(current, `${sections.get(current)}${line}\n`);
    }
  }
  return sections;
}

/** Text as it may be compared whatever its line ends and its spaces. */
function withoutSpaces(text: string): string {
  return text.replace(/\s+/g, "");
}

/** As the hosts of Git repositories make them of headings. */
function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of withoutCode(markdown).matchAll(/^#+ (.+)$/gm)) {
    anchors.add(
      heading!.toLowerCase().replaceAll("`", "").replace(/[^\p{L}\p{N} _-]/gu, "").trim().replaceAll(
        " ",
        "-",
      ),
    );
  }
  return anchors;
}

function withoutCode(markdown: string): string {
  return markdown.replace(/^```[^]*?^```/gm, "");
}

async function markdownFiles(): Promise<string[]> {
  const paths = ["README.md"];
  for (const folder of ["docs", "docs/decisions", "deploy"]) {
    for await (const entry of Deno.readDir(join(project, folder))) {
      if (entry.isFile && entry.name.endsWith(".md")) paths.push(`${folder}/${entry.name}`);
    }
  }
  return paths.sort();
}

function sameNames(found: readonly string[], wanted: readonly string[], what: string): void {
  const missing = wanted.filter((name) => !found.includes(name));
  const surplus = found.filter((name) => !wanted.includes(name));
  assert.deepEqual({ missing, surplus }, { missing: [], surplus: [] }, what);
  assert.equal(new Set(found).size, found.length, `${what}: one is there twice`);
}
