/**
 * The npm package as a machine gets it that has Node alone: packed, installed by npm, started by Node, with
 * nothing in Deno's cache.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { launchCommand } from "../../src/cli/server/launch_command.ts";
import { installationOf } from "../../src/cli/installation.ts";
import { version } from "../../src/version.ts";
import { freeAddress, makeShop, projectDirectory, shopDirectory, until } from "../cli/command.ts";

const place = await Deno.makeTempDir({ prefix: "sqlwright_package_" });
const shop = await makeShop();
Deno.test.afterAll(async () => {
  await shop[Symbol.asyncDispose]();
  await Deno.remove(place, { recursive: true });
});

interface Packed {
  filename: string;
  size: number;
  unpackedSize: number;
  files: { path: string; size: number }[];
}

interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

const environment = {
  ...Deno.env.toObject(),
  PATH: await folderOfPrograms(),
  DENO_DIR: join(place, "deno"),
  NO_COLOR: "1",
  DATABASE_URL: shop.url,
};
for (
  const name of [
    "SQLWRIGHT_SQL_DIR",
    "SQLWRIGHT_TEST_SERVERS",
    "SQLWRIGHT_TEST_DATABASE_URL",
    "INIT_CWD",
  ]
) {
  delete (environment as Record<string, string>)[name];
}

/** The programs that Node's installer brings, and a shell; no Deno. */
async function folderOfPrograms(): Promise<string> {
  const folder = join(place, "programs");
  await Deno.mkdir(folder);
  const folders = Deno.env.get("PATH")!.split(":");
  for (const name of ["node", "npm", "npx", "sh"]) {
    const found = folders.map((each) => join(each, name)).find((path) => isFile(path));
    assert.ok(found, `${name} is not on the PATH`);
    await Deno.symlink(await Deno.realPath(found), join(folder, name));
  }
  return folder;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

async function execute(
  command: string,
  args: readonly string[],
  options: Deno.CommandOptions = {},
): Promise<Output> {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    cwd: place,
    clearEnv: true,
    stdin: "null",
    ...options,
    args: [...args],
    env: { ...environment, ...options.env },
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

const npm = (args: readonly string[], options: Deno.CommandOptions = {}) =>
  execute(join(environment.PATH, "npm"), args, options);

/** What npm says of one package; versions of npm wrap it differently. */
function readPacked(json: string): Packed {
  const said = JSON.parse(json);
  return "files" in said ? said : Object.values(said)[0] as Packed;
}

const packed = await pack();
const prefix = join(place, "prefix");
const program = join(prefix, "bin", "sqlwright");
await install();

async function pack(): Promise<Packed> {
  const { code, stdout, stderr } = await npm([
    "pack",
    "--json",
    "--pack-destination",
    place,
  ], {
    cwd: projectDirectory,
  });
  assert.equal(code, 0, stderr);
  return readPacked(stdout);
}

async function install(): Promise<void> {
  const file = join(place, packed.filename);
  const { code, stderr } = await npm([
    "install",
    "--global",
    "--no-audit",
    "--no-fund",
    "--prefix",
    prefix,
    file,
  ]);
  assert.equal(code, 0, stderr);
  // npm asks before it runs a package's scripts; there is none to ask about.
  assert.doesNotMatch(stderr, /script/);
}

const sqlwright = (
  args: readonly string[],
  options: Deno.CommandOptions = {},
) => execute(program, args, options);

/** A folder of its own with a project: its query files are those of the tests. */
async function makeProject(name: string): Promise<string> {
  const folder = join(place, name);
  await Deno.mkdir(join(folder, "sql", "shop"), { recursive: true });
  const from = join(projectDirectory, shopDirectory, "shop");
  for await (const { name } of Deno.readDir(from)) {
    await Deno.copyFile(join(from, name), join(folder, "sql", "shop", name));
  }
  await Deno.writeTextFile(
    join(folder, "sqlwright.json"),
    JSON.stringify({ sqlwright: version, name: "shop" }),
  );
  return folder;
}

Deno.test("npm publish --dry-run has no warning, and the package holds the product alone", async () => {
  const { code, stdout, stderr } = await npm(
    ["publish", "--dry-run", "--json"],
    { cwd: projectDirectory },
  );
  assert.equal(code, 0, stderr);
  // Who is not logged in is told so; that is not about the package.
  const warnings = stderr.split("\n").filter((line) =>
    /warn|error/i.test(line) && !line.includes("requires you to be logged in")
  );
  assert.deepEqual(warnings, []);
  const { files, size } = readPacked(stdout);
  const allowed = [
    /^(docs\/[\w-]+\.md|SECURITY\.md)$/,
    /^(LICENSE|README\.md|package\.json|deno\.json|deno\.lock|sqlwright\.schema\.json)$/,
    /^(bin\/sqlwright\.js|(launch|main|mod)\.ts|src\/[\w/]+\.(ts|js))$/,
    /^(sql\/(README\.md|lock\.json|[a-z_]+\/[a-z_]+\.sql)|migrations\/\w+\.sql|editors\/[\w./-]+)$/,
  ];
  assert.deepEqual(
    files.map(({ path }) => path).filter((path) => !allowed.some((form) => form.test(path))),
    [],
  );
  assert.deepEqual(
    files.map(({ path }) => path).filter((path) => /edgar|test|data\//i.test(path) && !isOfTests(path)),
    [],
  );
  for (
    const wanted of [
      "launch.ts",
      "main.ts",
      "mod.ts",
      "deno.lock",
      "sqlwright.schema.json",
      "src/version.ts",
      "docs/configuration.md",
      "docs/annotations.md",
    ]
  ) {
    assert.ok(files.some(({ path }) => path === wanted), wanted);
  }
  assert.ok(size < 1_000_000, `${size} bytes`);
});

/** `sqlwright test`, which a package has, unlike tests. */
const isOfTests = (path: string) =>
  path.startsWith("src/sql_tests/") || path === "docs/sql-tests.md" || path === "src/cli/files/run_tests.ts";

Deno.test("package.json has Deno for each platform, in one version", async () => {
  const { optionalDependencies } = JSON.parse(
    await Deno.readTextFile(join(projectDirectory, "package.json")),
  );
  assert.deepEqual(Object.keys(optionalDependencies).sort(), [
    "@deno/darwin-arm64",
    "@deno/darwin-x64",
    "@deno/linux-arm64-glibc",
    "@deno/linux-x64-glibc",
    "@deno/win32-arm64",
    "@deno/win32-x64",
  ]);
  const ci = await Deno.readTextFile(join(projectDirectory, ".ci/run"));
  const wanted = /^deno_version=(.*)$/m.exec(ci)?.[1];
  assert.deepEqual([...new Set(Object.values(optionalDependencies))], [wanted]);
  const { version: second } = JSON.parse(
    await Deno.readTextFile(join(projectDirectory, "deno.json")),
  );
  assert.equal(second, undefined, "deno.json says a version too");
});

Deno.test("a first start fetches its packages and says so; a second says nothing", async () => {
  assert.equal(isFile(join(environment.PATH, "deno")), false);
  const first = await sqlwright(["--version"]);
  assert.deepEqual(
    [first.code, first.stdout],
    [0, `${version}\n`],
    first.stderr,
  );
  assert.match(
    first.stderr,
    /^(Fetching \d+ packages … .*\n)*Fetched \d+ packages, [\d.]+ MB on disk, in [\d.]+ s\n$/,
  );
  assert.deepEqual(await sqlwright(["--version"]), {
    code: 0,
    stdout: `${version}\n`,
    stderr: "",
  });
});

Deno.test("check --static and call work in a project, and wrong usage ends with 2", async () => {
  const folder = await makeProject("plain");
  const options = { cwd: folder };
  const checked = await sqlwright(["check", "--static"], options);
  assert.equal(checked.code, 0, checked.stderr + checked.stdout);
  const called = await sqlwright([
    "call",
    "shop_get_thing",
    "--id",
    "1",
    "--json",
  ], options);
  assert.equal(called.code, 0, called.stderr);
  assert.equal(JSON.parse(called.stdout).row.name, "Lamp");
  const wrong = await sqlwright(["chek"], options);
  assert.deepEqual(wrong, {
    code: 2,
    stdout: "",
    stderr: 'error[usage] unknown command "chek"\n  help: Did you mean "check"?\n',
  });
  const none = await sqlwright(["check", "--static"], { cwd: prefix });
  assert.equal(none.code, 1);
  assert.match(none.stderr, /^error\[project\.missing\] /);
  assert.deepEqual(
    (await Array.fromAsync(Deno.readDir(prefix))).map(({ name }) => name)
      .sort(),
    [
      "bin",
      "lib",
    ],
  );
});

/** Lists and calls as an MCP client, and what the server calls itself. */
async function useServer(
  transport: StdioClientTransport | StreamableHTTPClientTransport,
): Promise<void> {
  const client = new Client({ name: "test", version: "1" });
  await client.connect(transport);
  try {
    assert.equal(client.getServerVersion()?.version, version);
    const { tools } = await client.listTools();
    assert.ok(tools.some(({ name }) => name === "shop_get_thing"));
    const { structuredContent } = await client.callTool({
      name: "shop_get_thing",
      arguments: { id: 1 },
    });
    assert.equal(
      (structuredContent as { row: { name: string } }).row.name,
      "Lamp",
    );
  } finally {
    await client.close();
  }
}

Deno.test("a client over stdio is served by what client-config prints, from another folder", async () => {
  const folder = await makeProject("with blank");
  const printed = await sqlwright(["client-config", "cursor"], { cwd: folder });
  assert.equal(printed.code, 0, printed.stderr);
  const [server] = Object.values(JSON.parse(printed.stdout).mcpServers) as {
    command: string;
    args: string[];
  }[];
  assert.deepEqual(server, {
    command: program,
    args: ["start", "--stdio", "--project", folder],
  });
  await useServer(
    new StdioClientTransport({
      ...server!,
      cwd: place,
      env: environment,
      stderr: "ignore",
    }),
  );
  await until(
    async () => (await processesNaming(folder)).length === 0,
    "no process left",
  );
});

Deno.test("start --http serves in the sandbox, and leaves no process after SIGTERM or SIGKILL", async () => {
  const folder = await makeProject("served");
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const address = freeAddress();
    const server = new Deno.Command(program, {
      args: ["start", "--http", address],
      cwd: folder,
      env: environment,
      clearEnv: true,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const stderr = new Response(server.stderr).text();
    await until(async () => await answers(address), "an answer");
    await useServer(
      new StreamableHTTPClientTransport(new URL(`http://${address}/mcp`)),
    );
    const commandLines = await processesNaming(folder);
    const sandboxed = commandLines.filter((line) => line.includes("main.ts serve"));
    assert.equal(sandboxed.length, 1, commandLines.join("\n"));
    assert.match(sandboxed[0]!, / --cached-only --frozen --allow-read=/);
    assert.doesNotMatch(sandboxed[0]!, /--allow-(all|run|ffi|write)/);
    server.kill(signal);
    const { code } = await server.status;
    assert.equal(code, signal === "SIGTERM" ? 0 : 137, await stderr);
    await until(
      async () => (await processesNaming(folder)).length === 0,
      "no process left",
    );
    assert.equal(await answers(address), false);
  }
});

const answers = (address: string) =>
  fetch(`http://${address}/health/ready`).then(
    async (response) => (await response.body?.cancel(), response.ok),
    () => false,
  );

/** Command lines of processes whose folder or arguments name the folder. */
async function processesNaming(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const line = (await Deno.readTextFile(`/proc/${name}/cmdline`))
        .replaceAll("\0", " ").trim();
      const cwd = await Deno.readLink(`/proc/${name}/cwd`);
      if (line !== "" && (line.includes(folder) || cwd === folder)) {
        found.push(line);
      }
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}

Deno.test("a project's extension works with the package, with the packages of its own lock", async () => {
  const folder = join(place, "library");
  await copyFolder(join(projectDirectory, "tests/fixtures/extension"), folder);
  await Deno.writeTextFile(
    join(folder, "books.yaml"),
    "- { isbn: '1', title: One, shelf: 4 }\n",
  );
  const migrated = await sqlwright(["migrate"], { cwd: folder });
  assert.equal(migrated.code, 0, migrated.stderr);
  const imported = await sqlwright(["library", "import", "books.yaml"], {
    cwd: folder,
  });
  assert.deepEqual(
    [imported.code, imported.stdout],
    [0, "1 books imported\n"],
    imported.stderr,
  );
  assert.match(imported.stderr, /^(Fetching .*\n)*Fetched \d+ packages, .*\n$/);
});

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (name === ".sqlwright") continue;
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}

Deno.test("npx runs the archive, and what client-config prints then is no path of its cache", async () => {
  const folder = await makeProject("through_npx");
  const npx = join(environment.PATH, "npx");
  const printed = await execute(npx, [
    "--yes",
    `../${packed.filename}`,
    "client-config",
    "claude-desktop",
  ], {
    cwd: folder,
  });
  assert.equal(printed.code, 0, printed.stderr);
  const { command, args } = JSON.parse(printed.stdout).mcpServers.shop ??
    JSON.parse(printed.stdout).mcpServers.sqlwright;
  const archive = `file:${join(place, packed.filename)}`;
  assert.deepEqual([command, args], ["npx", [
    "-y",
    archive,
    "start",
    "--stdio",
    "--project",
    folder,
  ]]);
  await useServer(
    new StdioClientTransport({
      command: npx,
      args,
      cwd: place,
      env: environment,
      stderr: "ignore",
    }),
  );
  await until(
    async () => (await processesNaming(folder)).length === 0,
    "no process left",
  );
});

Deno.test("deno install --global from a checkout gives the command, under the checkout's lock", async () => {
  const root = join(place, "installed");
  const installed = await execute(
    Deno.execPath(),
    [
      "install",
      "--global",
      "--allow-all",
      "--no-config",
      "--root",
      root,
      "--name",
      "sqlwright",
      "bin/sqlwright.js",
    ],
    { cwd: projectDirectory },
  );
  assert.equal(installed.code, 0, installed.stderr);
  const PATH = `${environment.PATH}:${Deno.execPath().replace(/\/[^/]+$/, "")}`;
  const command = join(root, "bin", "sqlwright");
  assert.deepEqual(await execute(command, ["--version"], { env: { PATH } }), {
    code: 0,
    stdout: `${version}\n`,
    stderr: "",
  });
  const wrong = await execute(command, ["chek"], { env: { PATH } });
  assert.equal(wrong.code, 2, wrong.stderr);
});

Deno.test("without Deno from npm the command takes the machine's own, or says what is missing", async () => {
  const folder = join(place, "bare", "node_modules", "sqlwright");
  await Deno.mkdir(folder, { recursive: true });
  const from = join(prefix, "lib", "node_modules", "sqlwright");
  for await (const { name } of Deno.readDir(from)) {
    if (name !== "node_modules" && name !== "bin") {
      await Deno.symlink(join(from, name), join(folder, name));
    }
  }
  await Deno.mkdir(join(folder, "bin"));
  await Deno.copyFile(
    join(from, "bin", "sqlwright.js"),
    join(folder, "bin", "sqlwright.js"),
  );
  const node = join(environment.PATH, "node");
  const missing = await execute(node, [
    join(folder, "bin", "sqlwright.js"),
    "--version",
  ]);
  assert.deepEqual([missing.code, missing.stdout], [1, ""]);
  assert.match(
    missing.stderr,
    /^sqlwright: cannot find Deno for \w+ \w+, which it runs on\nInstall sqlwright again .*, or put Deno \d/,
  );
  const PATH = `${environment.PATH}:${Deno.execPath().replace(/\/[^/]+$/, "")}`;
  const found = await execute(node, [
    join(folder, "bin", "sqlwright.js"),
    "--version",
  ], { env: { PATH } });
  assert.deepEqual(found, { code: 0, stdout: `${version}\n`, stderr: "" });
});

Deno.test("launchCommand() names the checkout's task, npm's command, or npx with a version", async () => {
  const words = ["start", "--stdio"];
  const checkout = projectDirectory.replace(/\/$/, "");
  const task = ["task", "--quiet", "--cwd", checkout, "sqlwright", ...words];
  assert.deepEqual(launchCommand(words), {
    command: Deno.execPath(),
    args: task,
  });
  assert.deepEqual(
    launchCommand(words, {
      deno: "/home/a/.npm/_npx/1/node_modules/.bin/deno",
    }),
    {
      command: "npx",
      args: ["-y", `deno@${Deno.version.deno}`, ...task],
    },
  );
  const product = join(prefix, "lib", "node_modules", "sqlwright");
  assert.deepEqual(launchCommand(words, { product }), {
    command: program,
    args: words,
  });
  assert.deepEqual(launchCommand(words, { product, isShared: true }), {
    command: "sqlwright",
    args: words,
  });
  // Of the registry's package npx keeps no file to name.
  const cached = join(place, "_npx", "1", "node_modules", "sqlwright");
  const fromNpm = ["-y", `sqlwright@${version}`, ...words];
  assert.deepEqual(launchCommand(words, { product: cached }), {
    command: "npx",
    args: fromNpm,
  });
  assert.deepEqual(launchCommand(words, { product: cached, os: "windows" }), {
    command: "cmd",
    args: ["/c", "npx", ...fromNpm],
  });
  const local = join(place, "app", "node_modules", "sqlwright");
  const localProgram = join(place, "app", "node_modules", ".bin", "sqlwright");
  const byHand = [
    "run",
    "--allow-all",
    "--cached-only",
    "--config",
    join(local, "deno.json"),
    join(local, "launch.ts"),
  ];
  assert.deepEqual(launchCommand(words, { product: local, deno: "/deno" }), {
    command: "/deno",
    args: [...byHand, ...words],
  });
  await Deno.mkdir(join(localProgram, ".."), { recursive: true });
  await Deno.writeTextFile(localProgram, "");
  assert.deepEqual(launchCommand(words, { product: local }), {
    command: localProgram,
    args: words,
  });
  assert.deepEqual(launchCommand(words, { product: local, isShared: true }), {
    command: "npx",
    args: ["--no", "--", "sqlwright", ...words],
  });
});

Deno.test("installationOf() tells a checkout from what npm installed", () => {
  const cases: [string, string][] = [
    ["/home/a/sqlwright/", "checkout"],
    ["/home/a/.npm/_npx/083e23f8/node_modules/sqlwright/", "npx"],
    ["/usr/lib/node_modules/sqlwright/", "global"],
    [
      "/home/a/.nvm/versions/node/v24.1.0/lib/node_modules/sqlwright/",
      "global",
    ],
    [
      "C:\\Users\\a\\AppData\\Roaming\\npm\\node_modules\\sqlwright\\",
      "global",
    ],
    [
      "/home/a/.local/share/pnpm/global/5/.pnpm/sqlwright@0.2.0/node_modules/sqlwright/",
      "global",
    ],
    ["/home/a/shop/node_modules/sqlwright/", "local"],
    [
      "/home/a/shop/node_modules/.pnpm/sqlwright@0.2.0/node_modules/sqlwright/",
      "local",
    ],
  ];
  for (const [path, expected] of cases) {
    assert.equal(installationOf(path), expected, path);
  }
});
