import { readConfig } from "../../src/config.ts";
import { productDirectory } from "../../src/project.ts";
import assert from "node:assert/strict";
import { serverCommand } from "../../src/cli/server/start.ts";
import {
  makeDataDirectory,
  processesOf,
  readClusterState,
  removeBinaries,
  removeDataDirectory,
  until,
} from "../fixtures/embedded_cluster.ts";
import { withEmbedded } from "../../src/embedded/embedded.ts";

const shared = { data: await makeDataDirectory() };
const shutDown = 1;
/** What the small server of the fixtures says when it runs as it should. */
const wellAnswered = {
  role: "sqlwright_server",
  version: "180004",
  is_prepared: true,
  denied: ["NotCapable", "NotCapable", "NotCapable", "NotCapable", "NotCapable"],
};

Deno.test("start serves HTTP from a sandboxed child, over the prepared database, until SIGTERM", async () => {
  const address = freeAddress();
  const launcher = launch(address);
  assert.deepEqual(await request(address, launcher), wellAnswered);
  launcher.process.kill("SIGTERM");
  assert.equal((await launcher.process.status).code, 0);
  const said = await launcher.stderr;
  // No terminal: the banner would stand in the middle of the log's lines.
  const ready = JSON.parse(said.split("\n").find((line) => line.includes('"event":"server.ready"'))!);
  assert.equal(ready.level, "info");
  assert.equal(ready.endpoint, `http://${address}/mcp`);
  assert.match(ready.database, /^PostgreSQL 18\.4, embedded, 127\.0\.0\.1:\d+/);
  assert.ok(ready.waited_ms > 0);
  assert.doesNotMatch(said, /is up|claude mcp add/);
  assert.doesNotMatch(said, /postgresql:\/\//);
  await nothingIsLeft(address);
});

Deno.test("start over stdio leaves stdin and stdout to the server, and ends with stdin", async () => {
  const launcher = launch("--stdio", { stdin: "piped" });
  const writer = launcher.process.stdin.getWriter();
  const reader = launcher.process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  await writer.write(new TextEncoder().encode("who\n"));
  const { value } = await reader.read();
  assert.deepEqual(JSON.parse(value!), wellAnswered);
  await writer.close();
  assert.equal((await launcher.process.status).code, 0);
  assert.deepEqual(await reader.read(), { value: undefined, done: true });
  await launcher.stderr;
  await nothingIsLeft(null);
});

Deno.test("two launchers share a database, each with a server of its own", async () => {
  const [one, other] = [freeAddress(), freeAddress()];
  const [first, second] = [launch(one), launch(other)];
  assert.deepEqual(await request(one, first), wellAnswered);
  assert.deepEqual(await request(other, second), wellAnswered);
  first.process.kill("SIGTERM");
  assert.equal((await first.process.status).code, 0);
  assert.deepEqual(await request(other, second), wellAnswered);
  second.process.kill("SIGINT");
  assert.equal((await second.process.status).code, 0);
  await Promise.all([first.stderr, second.stderr]);
  await nothingIsLeft(other);
});

Deno.test("a crash of the server stops the database, and its exit code is the launcher's", async () => {
  const address = freeAddress();
  const launcher = launch(address);
  await request(address, launcher);
  await fetch(`http://${address}/crash`).then((response) => response.body?.cancel()).catch(() => {});
  assert.equal((await launcher.process.status).code, 7);
  await launcher.stderr;
  await nothingIsLeft(address);
});

Deno.test("a killed launcher leaves neither server nor database", async () => {
  const address = freeAddress();
  const launcher = launch(address);
  await request(address, launcher);
  launcher.process.kill("SIGKILL");
  await launcher.process.status;
  await nothingIsLeft(address);
  await launcher.stderr;
});

Deno.test("a killed deno task takes the launcher along", async () => {
  const address = freeAddress();
  const launcher = launch(address, { task: true });
  await request(address, launcher);
  launcher.process.kill("SIGKILL");
  await nothingIsLeft(address);
  await launcher.stderr;
});

Deno.test("a port in use is one clear line, before anything is started", async () => {
  const address = freeAddress();
  const [hostname, port] = address.split(":");
  const listener = Deno.listen({ hostname: hostname!, port: Number(port) });
  const launcher = launch(address);
  assert.equal((await launcher.process.status).code, 1);
  assert.equal(await launcher.stderr, `port.in_use: Cannot listen on ${address}: another program does\n`);
  listener.close();
  await nothingIsLeft(address);
});

Deno.test("with DATABASE_URL that server is used, and no embedded one", async () => {
  const other = await makeDataDirectory();
  await withEmbedded({ directory: shared.data, log: () => {} }, async ({ ownerUrl }) => {
    const address = freeAddress();
    const launcher = launch(address, { data: other, env: { DATABASE_URL: ownerUrl } });
    assert.deepEqual(await request(address, launcher), { ...wellAnswered, role: "sqlwright_owner" });
    assert.deepEqual(await processesOf(other), []);
    launcher.process.kill("SIGTERM");
    assert.equal((await launcher.process.status).code, 0);
    assert.match(await launcher.stderr, /"database":"DATABASE_URL"/);
  });
  await removeDataDirectory(other);
});

Deno.test("serverCommand gives the flags and nothing secret on the command line", () => {
  const command = serverCommand({
    stdio: false,
    http: "127.0.0.1:8321",
    config: readConfig({ SQLWRIGHT_SQL_DIR: "/srv/sql" }, { base: "/srv" }),
    databaseUrl: "postgresql://me:secret@db.example:5433/app",
  });
  assert.deepEqual(command.args, [
    "run",
    "--no-prompt",
    "--cached-only",
    "--frozen",
    `--allow-read=/srv/sql,/srv/data,${productDirectory}migrations`,
    "--allow-net=db.example:5433,127.0.0.1:8321",
    "--allow-env=DATABASE_URL,DATABASE_URL_FILE,DATABASE_PASSWORD_FILE,DATABASE_PASSWORD_COMMAND,DATABASE_REPLICA_URLS,REDIS_URL,PG*,SQLWRIGHT_*",
    "--v8-flags=--max-semi-space-size=8",
    "--config",
    `${productDirectory}deno.json`,
    `${productDirectory}main.ts`,
    "serve",
    "--http",
    "127.0.0.1:8321",
    "--exit-with-parent",
    "--sql",
    "/srv/sql",
  ]);
  assert.equal(command.env.DATABASE_URL, "postgresql://me:secret@db.example:5433/app");
});

Deno.test.afterAll(async () => {
  // Without the first test, as with --filter, there is none.
  if (shared.data !== "") await removeDataDirectory(shared.data);
  await removeBinaries();
});

interface Launcher {
  process: Deno.ChildProcess;
  /** All that it says until its end. */
  stderr: Promise<string>;
}

interface LaunchOptions {
  stdin?: "piped";
  data?: string;
  env?: Record<string, string>;
  /** Run it as `deno task` does: as a child, with INIT_CWD. */
  task?: boolean;
}

function launch(transport: string, options: LaunchOptions = {}): Launcher {
  const args = [
    "run",
    "--allow-all",
    "--cached-only",
    "tests/fixtures/launch.ts",
    transport,
    options.data ?? shared.data,
  ];
  const [program, ...programArgs] = options.task
    ? ["sh", "-c", '"$@"; exit $?', "sh", Deno.execPath(), ...args]
    : [Deno.execPath(), ...args];
  const process = new Deno.Command(program!, {
    args: programArgs,
    env: {
      DATABASE_URL: "",
      NO_COLOR: "1",
      ...(options.task ? { INIT_CWD: Deno.cwd() } : {}),
      ...options.env,
    },
    stdin: options.stdin ?? "null",
    stdout: options.stdin ?? "null",
    stderr: "piped",
  }).spawn();
  return { process, stderr: new Response(process.stderr).text() };
}

async function request(address: string, launcher: Launcher): Promise<unknown> {
  let hasEnded = false;
  launcher.process.status.then(() => hasEnded = true);
  let answer: unknown;
  await until(async () => {
    if (hasEnded) throw new Error(`The launcher ended: ${await launcher.stderr}`);
    answer = await fetch(`http://${address}/`).then((response) => response.json(), () => undefined);
    return answer !== undefined;
  }, `an answer from ${address}`);
  return answer;
}

async function nothingIsLeft(address: string | null): Promise<void> {
  await until(async () => (await processesOf(shared.data)).length === 0, "no process of the database left");
  assert.equal(await readClusterState(shared.data), shutDown);
  if (address === null) return;
  const isClosed = () =>
    Deno.connect(toListenOptions(address)).then((connection) => connection.close(), () => true);
  await until(async () => await isClosed() === true, "the server's port is free");
}

function freeAddress(): string {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return `127.0.0.1:${listener.addr.port}`;
}

function toListenOptions(address: string): { hostname: string; port: number } {
  const [hostname, port] = address.split(":");
  return { hostname: hostname!, port: Number(port) };
}
