/** The layers of docs/architecture.md, held against the real graph of imports. */

import assert from "node:assert/strict";

const project = new URL("..", import.meta.url);

/** What each layer may import, beside itself. `main → cli → app → {mcp, edgar, ops} → client → tool → load → postgres → query`; leaves serve all. */
const below: Record<string, readonly string[]> = {
  main: ["cli"],
  // Commands draw what any layer makes.
  cli: [
    "app",
    "mcp",
    "edgar",
    "ops",
    "client",
    "shared_state",
    "tool",
    "load",
    "export",
    "postgres",
    "query",
    "leaf",
  ],
  app: [
    "mcp",
    "edgar",
    "ops",
    "client",
    "shared_state",
    "tool",
    "load",
    "export",
    "postgres",
    "query",
    "leaf",
  ],
  mcp: ["tool", "load", "export", "postgres", "query", "leaf"],
  edgar: ["client", "tool", "postgres", "query", "leaf"],
  // Typed calls of the query files: it knows tools by their schemas.
  client: ["tool", "leaf"],
  ops: ["tool", "postgres", "query", "leaf"],
  // Handed in by app: it knows nobody.
  shared_state: ["leaf"],
  tool: ["load", "export", "postgres", "query", "leaf"],
  // Bytes to rows; the database keeps uploads.
  load: ["postgres", "query", "leaf"],
  // Rows to bytes.
  export: ["postgres", "query", "leaf"],
  postgres: ["query", "leaf"],
  query: ["leaf"],
  // config and permissions throw the errors of errors.ts; nothing else of ours.
  leaf: [],
};

const leaves = ["config", "errors", "log", "nearest", "permissions"];

interface Module {
  specifier: string;
  dependencies?: { code?: { specifier?: string }; type?: { specifier?: string } }[];
}

/** What main.ts imports for every command but `serve`, by a name that is no literal. */
const commands = "src/cli/program.ts";

Deno.test("imports go down through the layers and never up", async () => {
  const wrong: string[] = [];
  for (const [from, to] of await imports()) {
    const [upper, lower] = [layerOf(from), layerOf(to)];
    if (upper !== lower && !below[upper]!.includes(lower)) wrong.push(`${from} imports ${to}`);
  }
  assert.deepEqual(wrong, []);
});

Deno.test("every file of src is reached from main.ts or started by it", async () => {
  // Programs of their own: the supervisor of the embedded server, and what doctor runs inside the sandbox.
  const programs = ["src/embedded/supervisor.ts", "src/cli/server/sandbox_probe.ts", "src/cli/launch.ts"];
  const reached = new Set(
    (await imports(["main.ts", commands, ...programs])).flatMap(([from, to]) => [from, to]),
  );
  const left = (await filesOf("src")).filter((file) =>
    !reached.has(file) && ![commands, ...programs].includes(file)
  );
  assert.deepEqual(left, []);
});

Deno.test("each file of src is in the code map of docs/architecture.md", async () => {
  const map = await Deno.readTextFile(new URL("docs/architecture.md", project));
  const missing = (await filesOf("src")).filter((file) => !map.includes(`\`${file.slice("src/".length)}\``));
  assert.deepEqual(missing, []);
  const named = [...map.matchAll(/`((?:[a-z_]+\/)?[a-z_]+\.(?:ts|js))`/g)].map(([, file]) => file!);
  const files = [...await filesOf("src"), "src/../main.ts"].map((file) =>
    file.replace(/^src\/(\.\.\/)?/, "")
  );
  const ours = named.filter((file) => !/^(tests|migrations)\//.test(file));
  assert.deepEqual(ours.filter((file) => !files.includes(file)), [], "files that do not exist");
});

/** Every import between files of the project, static, dynamic and of types: from, to. */
async function imports(roots: readonly string[] = ["main.ts", commands]): Promise<[string, string][]> {
  const edges: [string, string][] = [];
  const seen = new Set<string>();
  for (const root of roots) {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", root],
      cwd: project,
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
      stdin: "null",
      signal: AbortSignal.timeout(60_000),
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: Module[] };
    for (const { specifier, dependencies = [] } of modules) {
      const from = inProject(specifier);
      if (from === null || seen.has(from)) continue;
      seen.add(from);
      for (const { code, type } of dependencies) {
        const to = inProject(code?.specifier ?? type?.specifier ?? "");
        if (to !== null) edges.push([from, to]);
      }
    }
  }
  assert.ok(edges.length > 0);
  return edges;
}

function inProject(specifier: string): string | null {
  return specifier.startsWith(project.href) ? specifier.slice(project.href.length) : null;
}

function layerOf(file: string): string {
  if (file === "main.ts") return "main";
  const [, first, second] = file.split("/");
  if (second !== undefined) return first!;
  const name = first!.replace(/\.ts$/, "");
  return leaves.includes(name) ? "leaf" : name;
}

async function filesOf(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(new URL(`${folder}/`, project))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) files.push(...await filesOf(path));
    else if (/\.[jt]s$/.test(entry.name)) files.push(path);
  }
  return files.sort();
}
