import assert from "node:assert/strict";
import {
  brokenDirectory,
  type CommandOptions,
  freeAddress,
  makeDatabase,
  makeShop,
  projectDirectory,
  run,
  shopDirectory,
  spawn,
  until,
} from "./command.ts";
import { withDatabase } from "../harness.ts";

const shop = await makeShop();
Deno.test.afterAll(async () => await shop[Symbol.asyncDispose]());
const options: CommandOptions = { databaseUrl: shop.url };

/** The flags that `permissions` prints: the server is tried in its own sandbox. */
async function flagsFor(...transport: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await run(["permissions", "--lines", ...transport], options);
  assert.equal(code, 0, stderr);
  return stdout.trim().split("\n");
}

const messages = [
  {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1" } },
  },
  { jsonrpc: "2.0", method: "notifications/initialized" },
  { jsonrpc: "2.0", id: 2, method: "tools/list" },
  { jsonrpc: "2.0", id: 3, method: "tools/call", params: { name: "shop_get_thing", arguments: { id: 1 } } },
];

Deno.test("serve --stdio answers in its sandbox, writes nothing but the protocol, and ends with its client", async () => {
  const child = spawn(await flagsFor("--stdio"), ["serve", "--stdio"], options);
  const writer = child.stdin.getWriter();
  await writer.write(
    new TextEncoder().encode(messages.map((message) => JSON.stringify(message) + "\n").join("")),
  );
  const lines: string[] = [];
  let rest = "";
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  while (lines.length < 3) {
    const { done, value } = await reader.read();
    if (done) break;
    rest += value;
    const parts = rest.split("\n");
    rest = parts.pop()!;
    lines.push(...parts);
  }
  await writer.close();
  assert.equal((await child.status).code, 0, await new Response(child.stderr).text());
  const answers = new Map(lines.map((line) => JSON.parse(line)).map((answer) => [answer.id, answer.result]));
  assert.equal(answers.get(1).serverInfo.name, "sqlwright");
  assert.ok(answers.get(2).tools.some(({ name }: { name: string }) => name === "shop_get_thing"));
  assert.equal(answers.get(3).structuredContent.row.name, "Lamp");
  assert.equal(rest, "");
  assert.deepEqual(await reader.read(), { value: undefined, done: true });
  await child.stderr.cancel().catch(() => {});
});

Deno.test("serve --http answers in its sandbox, drains on SIGTERM, and ends with 0", async () => {
  const address = freeAddress();
  const child = spawn(await flagsFor("--http", address), ["serve", "--http", address], options);
  const stderr = new Response(child.stderr).text();
  await ready(address);
  const state = await fetch(`http://${address}/health/ready`).then((response) => response.json());
  assert.deepEqual(state, { ready: true, tools: 7 });

  const second = await run(["serve", "--http", address], options);
  assert.equal(second.code, 1);
  // The login owns what the tools name, of which the log warns before.
  assert.match(
    second.stderr.replace(/^\{.*"database\.owner".*\}\n/, ""),
    /^error\[port\.in_use\] Cannot listen on "?127\.0\.0\.1:\d+"?: .*\n {2}help: .*\n$/,
  );

  child.kill("SIGTERM");
  assert.equal((await child.status).code, 0);
  const events = (await stderr).trim().split("\n").map((line) => JSON.parse(line).event);
  assert.deepEqual(events, ["database.owner", "server.listening", "server.stopping"]);
  await close(child);
});

Deno.test("serve --exit-with-parent stops when standard input ends", async () => {
  const address = freeAddress();
  const child = spawn(["--allow-all"], ["serve", "--http", address, "--exit-with-parent"], options);
  await ready(address);
  await child.stdin.close();
  assert.equal((await child.status).code, 0);
  await child.stdout.cancel();
  await child.stderr.cancel();
});

Deno.test("serve refuses to listen for other machines without tokens, unless told otherwise", async () => {
  const [refused, start, wrong] = await Promise.all([
    run(["serve", "--http", "0.0.0.0:1"], options),
    run(["start", "--http", "[::]:1"], options),
    run(["serve", "--http", "localhost"], options),
  ]);
  for (const { code, stderr } of [refused, start]) {
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error\[config\.invalid\] Cannot listen on .*:1: other machines .*\n {2}help: .*SQLWRIGHT_UNAUTHENTICATED=anywhere/,
    );
  }
  assert.match(wrong.stderr, /^error\[config\.invalid\] Cannot listen on "localhost": expected HOST:PORT/);
});

Deno.test("serve with broken files tells every fault on standard error and serves nothing", async () => {
  const { code, stdout, stderr } = await run(["serve", "--stdio"], { ...options, sql: brokenDirectory });
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(
    stderr,
    /error\[unknown-tag\][\s\S]*nmae[\s\S]*error\[catalog\.invalid\] Cannot start: 3 errors in 2 query files\n/,
  );
});

Deno.test("serve refuses a superuser and a missing database with one error", async () => {
  const [superuser, unreachable, unset] = await Promise.all([
    run(["serve", "--stdio"], { databaseUrl: shop.superuserUrl }),
    run(["serve", "--stdio"]),
    run(["serve", "--stdio"], { databaseUrl: "" }),
  ]);
  assert.match(superuser.stderr, /^error\[database\.refused\] Cannot start: ".*" is a superuser/);
  assert.match(unreachable.stderr, /^error\[database\.unreachable\] Cannot reach PostgreSQL/);
  assert.match(
    unset.stderr,
    /^error\[config\.invalid\] Cannot start: DATABASE_URL is not set\n {2}help: .*sqlwright start/,
  );
  for (const { code, stdout } of [superuser, unreachable, unset]) {
    assert.equal(code, 1);
    assert.equal(stdout, "");
  }
});

interface ModuleGraph {
  roots: string[];
  modules: { specifier: string; dependencies?: { code?: { specifier?: string } }[] }[];
}

Deno.test("what serve loads holds no console library and no launcher", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "src/cli/server/serve.ts"],
    cwd: projectDirectory,
  }).output();
  const { modules, roots } = JSON.parse(new TextDecoder().decode(stdout)) as ModuleGraph;
  const byName = new Map(modules.map((module) => [module.specifier, module]));
  // What is imported for its types alone is not loaded.
  const loaded = [...roots];
  for (const specifier of loaded) {
    for (const { code } of byName.get(specifier)?.dependencies ?? []) {
      if (code?.specifier !== undefined && !loaded.includes(code.specifier)) loaded.push(code.specifier);
    }
  }
  assert.ok(loaded.some((specifier) => specifier.endsWith("/src/app.ts")));
  const forbidden =
    /commander|cli-table3|cli-progress|string-width|\/cli\/(start|program|table|call|doctor)\.ts|\/embedded|\/migrate\.ts/;
  assert.deepEqual(loaded.filter((specifier) => forbidden.test(specifier)), []);
});

Deno.test("start migrates an empty database, loads the sample, serves it, and leaves it as it is the next time", async () => {
  await using database = await makeDatabase();
  for (const time of ["first", "second"]) {
    const address = freeAddress();
    const child = spawn(["--allow-all"], ["start", "--http", address], {
      databaseUrl: database.url,
      project: "edgar",
    });
    const said: string[] = [];
    const told = child.stderr.pipeThrough(new TextDecoderStream())
      .pipeTo(new WritableStream({ write: (text) => void said.push(text) }));
    await until(
      () => Promise.resolve(said.join("").includes('"event":"server.ready"')),
      "the launcher's report",
    );
    child.kill("SIGINT");
    assert.equal((await child.status).code, 0);
    await told;
    if (time === "first") {
      assert.match(
        said.join(""),
        /Applied \d+ migrations\nDeployed \d+ function files\nDeployed \d+ views\nLoaded the bundled sample: 12 companies, 2,382 filings, 22,644 facts\n/,
      );
    } else assert.doesNotMatch(said.join(""), /Applied|Deployed|Loaded/);
    const ready = said.join("").split("\n").find((line) => line.includes('"event":"server.ready"'))!;
    assert.equal(JSON.parse(ready).endpoint, `http://${address}/mcp`);
    await close(child);
  }
  const [counted] = await database.query("select count(*)::integer as companies from edgar.company");
  assert.equal(counted?.companies, 12);
});

Deno.test("start leaves a database of one's own alone when its query files are not the bundled ones", async () => {
  const address = freeAddress();
  const child = spawn(["--allow-all"], ["start", "--http", address, "--sql", shopDirectory], options);
  await ready(address);
  child.kill("SIGTERM");
  assert.equal((await child.status).code, 0);
  assert.deepEqual(
    await shop.query("select 1 from pg_namespace where nspname in ('edgar', 'sqlwright')"),
    [],
  );
  await child.stderr.cancel();
  await close(child);
});

Deno.test("the command of the systemd unit serves a migrated database, with the flags that stand there", async () => {
  const unit = (await Deno.readTextFile(`${projectDirectory}deploy/sqlwright.service`)).replaceAll(
    "\\\n",
    "",
  );
  const line = /^ExecStart=(.*)$/m.exec(unit)![1]!;
  const variables = [...unit.matchAll(/^Environment=(.*)$/gm)].flatMap(([, words]) => words!.split(" "));
  await withDatabase(async ({ serverUrl }) => {
    const address = freeAddress();
    const { hostname, port } = new URL(serverUrl);
    const [program, ...args] = line.trim().split(/ +/).map((word) =>
      word.replaceAll("/opt/sqlwright/", projectDirectory)
        .replaceAll("localhost:5432", `${hostname}:${port}`)
        .replaceAll("127.0.0.1:8321", address)
    );
    assert.equal(program, "/usr/local/bin/deno");
    const kept = ["HOME", "DENO_DIR", "XDG_CACHE_HOME"].flatMap((name): [string, string][] => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [[name, value]];
    });
    const child = new Deno.Command(Deno.execPath(), {
      args,
      cwd: projectDirectory,
      clearEnv: true,
      env: {
        ...Object.fromEntries(variables.map((word) => word.split("=") as [string, string])),
        ...Object.fromEntries(kept),
        DATABASE_URL: serverUrl,
        ...(kept.some(([name]) => name === "DENO_DIR") ? {} : { DENO_DIR: denoDirectory() }),
      },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const said = new Response(child.stderr).text();
    await Promise.race([ready(address), child.status.then(async () => assert.fail(await said))]);
    const answer = await fetch(`http://${address}/mcp`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
      body: JSON.stringify(messages[0]),
    });
    assert.match(await answer.text(), /"title":"edgar"/);
    child.kill("SIGTERM");
    assert.equal((await child.status).code, 0, await said);
    await child.stdout.cancel();
  });
});

Deno.test("a project that the sandbox does not permit is told with Deno's flag", async () => {
  const flags = ["--allow-read=sql", "--allow-net=127.0.0.1", "--allow-env=DATABASE_URL,SQLWRIGHT_*"];
  const child = spawn(flags, ["serve", "--stdio"], { ...options, project: "edgar" });
  await child.stdin.close();
  await child.stdout.cancel();
  const stderr = await new Response(child.stderr).text();
  assert.equal((await child.status).code, 1);
  assert.match(
    stderr,
    /^error\[project\.unreadable\] .*edgar\/sqlwright\.json: Deno's flags .*\n {2}help: Permit it with --allow-read=\/.*json;/,
  );
});

Deno.test("start over stdio exports into its folder, from its sandbox", async () => {
  const folder = await Deno.makeTempDir({ prefix: "sqlwright_exports_" });
  const env = { SQLWRIGHT_EXPORT_DIR: folder };
  const child = spawn(["--allow-all"], ["start", "--stdio"], { ...options, env });
  const said = new Response(child.stderr).text();
  const call = { name: "sqlwright_export", arguments: { tool: "shop_list_things", format: "csv" } };
  const writer = child.stdin.getWriter();
  for (
    const message of [...messages.slice(0, 2), { jsonrpc: "2.0", id: 9, method: "tools/call", params: call }]
  ) {
    await writer.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
  }
  let text = "";
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  while (!text.includes('"id":9')) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
  }
  await writer.close();
  assert.equal((await child.status).code, 0, await said);
  const answer = text.split("\n").filter(Boolean).map((line) => JSON.parse(line)).find(({ id }) => id === 9);
  assert.notEqual(answer.result.isError, true, JSON.stringify(answer));
  const { path, rows } = answer.result.structuredContent;
  assert.ok(rows > 0);
  assert.match(await Deno.readTextFile(path), /Lamp/);
  assert.deepEqual((await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => `${folder}/${name}`), [
    path,
  ]);
  await reader.cancel();
  await Deno.remove(folder, { recursive: true });
});

/** Where Deno has its packages: without HOME it would look elsewhere. */
function denoDirectory(): string {
  const { stdout } = new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).outputSync();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

async function ready(address: string): Promise<void> {
  await until(
    () =>
      fetch(`http://${address}/health/ready`).then(
        (response) => response.body?.cancel().then(() => response.ok) ?? false,
        () => false,
      ),
    `a server at ${address}`,
  );
}

async function close(child: Deno.ChildProcess): Promise<void> {
  await child.stdin.close().catch(() => {});
  await child.stdout.cancel().catch(() => {});
}
