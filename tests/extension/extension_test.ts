/**
 * The seam for a project's TypeScript, shown with a project that has nothing to do with the one of this repository: a small library, in a folder
 * outside of the clone. Its settings, errors, tools, commands, workers and sample are used as a person and an MCP client use them.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { type CommandResult, nowhere, run } from "../cli/command.ts";
import { cacheVariables, project as clone, type TestDatabase, withDatabase } from "../harness.ts";

const fixture = join(clone, "tests/fixtures/extension");

/** A copy of the library, with files of the test's own instead of its; null takes one away. */
async function withLibrary<T>(
  use: (directory: string) => Promise<T>,
  files: Record<string, string | null> = {},
): Promise<T> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "sqlwright_library_" }));
  try {
    await copyFolder(fixture, directory);
    for (const [path, text] of Object.entries(files)) {
      if (text === null) await Deno.remove(join(directory, path));
      else await Deno.writeTextFile(join(directory, path), text);
    }
    return await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}

const withEmpty = <T>(use: (database: TestDatabase) => Promise<T>) => withDatabase(use, { isEmpty: true });

/** As an MCP client starts it: the launcher, which migrates, loads the sample and starts the server in its sandbox. */
async function withStarted<T>(
  directory: string,
  env: Record<string, string>,
  use: (client: Client, errors: () => string) => Promise<T>,
): Promise<T> {
  const program = join(clone, "main.ts");
  const transport = new StdioClientTransport({
    command: Deno.execPath(),
    args: ["run", "--allow-all", "--cached-only", program, "start", "--stdio", "--project", directory],
    cwd: "/",
    env: {
      ...cacheVariables(),
      HOME: Deno.env.get("HOME") ?? "",
      PATH: Deno.env.get("PATH") ?? "",
      NO_COLOR: "1",
      ...env,
    },
    stderr: "pipe",
  });
  let text = "";
  const decoder = new TextDecoder();
  transport.stderr?.on("data", (chunk: Uint8Array) => text += decoder.decode(chunk));
  const client = new Client({ name: "test", version: "1" });
  try {
    await client.connect(transport);
  } catch (error) {
    throw new Error(`The server did not start:\n${text}`, { cause: error });
  }
  try {
    return await use(client, () => text);
  } finally {
    await client.close();
  }
}

Deno.test("a project's tools, sample and hosts come from its extension, in a folder outside of the clone", async () => {
  using catalogue = openCatalogue();
  await withLibrary((directory) =>
    withEmpty(({ ownerUrl }) =>
      withStarted(
        directory,
        { DATABASE_URL: ownerUrl, LIBRARY_CATALOGUE_URL: catalogue.url },
        async (client, errors) => {
          assert.match(errors(), /Loaded the bundled sample: 3 books\n/);
          const names = (await client.listTools()).tools.map(({ name }) => name).sort();
          assert.deepEqual(names, ["library_catalogue_look_up", "library_list_books", "library_load_books"]);
          const shelf = await client.callTool({ name: "library_list_books", arguments: { shelf: 2 } });
          assert.deepEqual((shelf.structuredContent as { rows: unknown[] }).rows.length, 2);
          const lookUp = (isbn: string) =>
            client.callTool({ name: "library_catalogue_look_up", arguments: { isbn } });
          assert.deepEqual((await lookUp("9780140449136")).structuredContent, { title: "The Odyssey" });
          const closed = await lookUp("0000000000000");
          assert.match(JSON.stringify(closed.content), /library\.catalogue_closed.*it answered 503/);
          assert.deepEqual(catalogue.asked, ["/9780140449136", "/0000000000000"]);
        },
      )
    )
  );
});

Deno.test("without its setting the extension's tool is not there, and the server needs no package of it", async () => {
  await withLibrary(
    (directory) =>
      withEmpty(({ ownerUrl }) =>
        withStarted(directory, { DATABASE_URL: ownerUrl }, async (client) => {
          const names = (await client.listTools()).tools.map(({ name }) => name).sort();
          assert.deepEqual(names, ["library_list_books", "library_load_books"]);
        })
      ),
    // Nobody could fetch it.
    {
      "deno.json": '{ "imports": { "p-limit": "npm:@sqlwright-test/does-not-exist@1.0.0" } }',
      "deno.lock": null,
    },
  );
});

Deno.test("permissions shows what the extension's manifest asks for, and no more", async () => {
  await withLibrary(async (directory) => {
    const flagsOf = async (env: Record<string, string>) => {
      const options = { databaseUrl: nowhere, project: directory, env };
      const { code, stdout, stderr } = await run(["permissions", "--stdio", "--json"], options);
      assert.equal(code, 0, stderr);
      return (JSON.parse(stdout) as { flags: string[] }).flags;
    };
    const listOf = (flags: string[], name: string) =>
      flags.find((flag) => flag.startsWith(`--allow-${name}=`))!.split("=")[1]!.split(",");
    const quiet = await flagsOf({});
    assert.deepEqual(listOf(quiet, "net"), ["127.0.0.1:1"]);
    assert.ok(!quiet.includes("--config"));
    const settings = ["LIBRARY_CATALOGUE_URL", "LIBRARY_SHELVES", "LIBRARY_MINIMUM_PAGES"];
    assert.deepEqual(listOf(quiet, "env").filter((name) => name.startsWith("LIBRARY")), settings);
    const read = listOf(quiet, "read");
    assert.ok(read.includes(join(directory, "extension.ts")) && read.includes(join(directory, "src")));
    assert.ok(!read.includes(directory) && !read.includes(clone), "neither folder is readable as a whole");

    const asking = await flagsOf({ LIBRARY_CATALOGUE_URL: "https://catalogue.example.org" });
    assert.deepEqual(listOf(asking, "net"), ["127.0.0.1:1", "catalogue.example.org:443"]);
    assert.deepEqual(asking.slice(-2), ["--config", join(directory, ".sqlwright/deno.json")]);
  });
});

Deno.test("an extension's command is below the project's name, with the packages of the project's lock", async () => {
  await withLibrary(
    (directory) =>
      withEmpty(async ({ ownerUrl }) => {
        const library = (...words: string[]): Promise<CommandResult> =>
          run(["library", ...words], { databaseUrl: ownerUrl, sql: "" });
        const own = ["--project", directory];
        assert.equal((await run(["migrate"], { databaseUrl: ownerUrl, project: directory })).code, 0);
        const imported = await library("import", join(directory, "books.yaml"), ...own);
        assert.deepEqual([imported.code, imported.stdout], [0, "2 books imported\n"], imported.stderr);
        const dusted = await library("dust", "--once", ...own);
        assert.deepEqual([dusted.code, dusted.stdout], [0, "shelf 4: 2 dusted\n"], dusted.stderr);

        const refused = await library("import", join(directory, "lost.yaml"), ...own);
        assert.equal(refused.code, 1);
        assert.match(
          refused.stderr,
          /^error\[library\.shelf_unknown\] .*there is no shelf 50\n {2}help: LIBRARY_SHELVES/,
        );
        const wrong = await library("dust", "--concurrency", "3", ...own);
        assert.deepEqual([wrong.code, /from 1 to 2/.test(wrong.stderr)], [2, true], wrong.stderr);
        const help = await library("--help", ...own);
        assert.match(help.stdout, /Usage: sqlwright library .*Look after the books.* import .* dust /s);
        const elsewhere = await library("import", "x");
        assert.equal(elsewhere.code, 2);
        assert.match(elsewhere.stderr, /unknown command "library"/);
      }),
    {
      "books.yaml": "- { isbn: '1', title: One, shelf: 4 }\n- { isbn: '2', title: Two, shelf: 4 }\n",
      "lost.yaml": "- { isbn: '3', title: Three, shelf: 50 }\n",
    },
  );
});

Deno.test("an extension's settings are validated as the product's own, each named", async () => {
  await withLibrary(
    async (directory) => {
      const options = { databaseUrl: nowhere, project: directory };
      const { code, stderr } = await run(["permissions", "--stdio"], options);
      assert.equal(code, 1);
      assert.match(stderr, /config\.invalid/);
      assert.match(stderr, /LIBRARY_SHELVES: expected a whole number from 1 to 99, found "many"/);
      assert.match(stderr, /LIBRARY_MINIMUM_PAGES: expected a whole number from 1 to 10000, found "0"/);
    },
    { ".env": "LIBRARY_SHELVES=many\nLIBRARY_MINIMUM_PAGES=0\n" },
  );
});

const minimal = (parts: string) =>
  `import { defineExtension, setting } from "sqlwright";\nexport default defineExtension({ description: "x", ${parts} });\n`;

const broken: [string, string | null, RegExp][] = [
  [
    "is not there",
    null,
    /extension\.ts: there is no such file\n {2}help: Correct "extension" in sqlwright\.json/,
  ],
  [
    "throws at import",
    '\nthrow new Error("no shelf");\n',
    /extension\.ts: extension\.ts:2:7: no shelf\n {2}help: /,
  ],
  ["is no TypeScript", "export default {\n", /extension\.ts: .*extension\.ts:\d+:\d+/],
  [
    "exports something else",
    "export default { description: 'x' };\n",
    /not made by defineExtension\n {2}help: /,
  ],
  ["exports nothing", "export const one = 1;\n", /not made by defineExtension/],
  ["names a part that there is not", minimal("host: () => []"), /:2:\d+: defineExtension knows no "host"/],
  ["has a part of another form", minimal('hosts: ["example.org:443"]'), /"hosts" is to be a function/],
  [
    "has a setting that was not made",
    minimal("settings: { LIBRARY_X: 5 }"),
    /LIBRARY_X is to be made by one of/,
  ],
  [
    "takes a setting of the product",
    minimal("settings: { SQLWRIGHT_ROWS: setting.text() }"),
    /its setting SQLWRIGHT_ROWS is one of sqlwright itself\n {2}help: Name it after the project: LIBRARY_…/,
  ],
  [
    "takes a variable of the drivers",
    minimal("settings: { PGPASSWORD: setting.text() }"),
    /its setting PGPASSWORD is one of sqlwright itself/,
  ],
  [
    "has an error code of another family",
    minimal('errorCodes: ["call.busy"]'),
    /its error code "call\.busy" is of another family\n {2}help: .*library\.not_found/,
  ],
  [
    "has a sample outside of the project",
    minimal('sample: { table: "a.b", directory: "..", loads: [{ tool: "a", source: "b", what: "c" }] }'),
    /its sample lies outside of the project/,
  ],
  [
    "imports a package at its top that is not there",
    'import "@sqlwright-test/does-not-exist";\nexport default 1;\n',
    /does-not-exist.*\n {2}help: Import packages where they are used/,
  ],
];

for (const [what, text, expected] of broken) {
  Deno.test(`an extension that ${what} is one clear error, and nothing is made`, async () => {
    await withLibrary(
      async (directory) => {
        const options = { databaseUrl: nowhere, project: directory };
        const { code, stdout, stderr } = await run(["permissions", "--stdio"], options);
        assert.deepEqual([code, stdout], [1, ""]);
        assert.match(stderr, /^error\[extension\.invalid\] Cannot use the extension /);
        assert.match(stderr, expected);
        assert.equal(stderr.trimEnd().split("\n").length, 2, stderr);
        await assert.rejects(Deno.stat(join(directory, ".sqlwright")), Deno.errors.NotFound);
      },
      { "extension.ts": text },
    );
  });
}

Deno.test("who looks at a project runs nothing of it with rights", async () => {
  await withLibrary(async (directory) => {
    const mark = join(directory, "written");
    const options = { databaseUrl: nowhere, project: directory };
    for (
      const [command, ...words] of [
        ["list"],
        ["check", "--static"],
        ["permissions", "--stdio"],
        ["permissions", "--help"],
        ["doctor"],
        ["client-config", "claude-code"],
      ]
    ) {
      const { stdout, stderr } = await run([command!, ...words], options);
      await assert.rejects(Deno.stat(mark), Deno.errors.NotFound, `${command}: ${stdout}${stderr}`);
    }
    const [help, none] = await Promise.all([
      run(["--help"], { cwd: directory }),
      run([], { cwd: directory }),
    ]);
    for (const { stdout, stderr } of [help, none]) {
      await assert.rejects(Deno.stat(mark), Deno.errors.NotFound);
      assert.match(stdout + stderr, /library +Commands of the project's own TypeScript/);
    }
    const { code, stderr } = await run(["permissions", "--stdio"], options);
    assert.equal(code, 1);
    assert.match(stderr, /extension\.invalid.*Requires write access.*\n {2}help: It is read without rights/);
    // A command of its own is the project's code, and runs as whoever runs it.
    await run(["library", "import", "none.yaml"], { databaseUrl: nowhere, cwd: directory });
    await Deno.stat(mark);
  }, {
    "extension.ts": `Deno.writeTextFileSync(new URL("written", import.meta.url), "");\n` +
      await Deno.readTextFile(join(fixture, "extension.ts")),
  });
});

Deno.test("an extension that never ends its import, or ends the process, is one clear error", async () => {
  await withLibrary(async (directory) => {
    const { code, stderr } = await run(["permissions", "--stdio"], {
      databaseUrl: nowhere,
      project: directory,
    });
    assert.equal(code, 1);
    assert.match(stderr, /^error\[extension\.invalid\] .*it ended the process that reads it/);
  }, { "extension.ts": "Deno.exit(0);\n" });
});

/** Another library, which is closed for books that it does not know. */
function openCatalogue() {
  const asked: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    return pathname === "/9780140449136" ? new Response("The Odyssey\n") : new Response("", { status: 503 });
  });
  const { port } = server.addr;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    [Symbol.dispose]: () => void server.shutdown(),
  };
}
