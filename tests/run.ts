/**
 * `deno task test`: brings up the real servers that the tests need, runs `deno test`, and stops them.
 *
 * PostgreSQL 18 is the embedded one; PostgreSQL 15 joins when its programs are on the machine (SQLWRIGHT_TEST_POSTGRES_BIN, or
 * where Debian installs them). On each a template database holds the migrations, the views and the bundled sample; a test
 * file copies it. Arguments are passed on to `deno test`.
 */

import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { withEmbedded } from "../src/postgres/embedded.ts";
import { asAccount, placeFiles } from "../src/postgres/embedded_cluster.ts";
import { buildTemplate, type TestServer } from "./harness.ts";

const project = new URL("..", import.meta.url).pathname;

async function main(args: string[]): Promise<number> {
  // Root runs PostgreSQL as another account, which must be able to pass.
  const directory = await Deno.makeTempDir({ prefix: "sqlwright_test_" });
  if (Deno.build.os !== "windows") await Deno.chmod(directory, 0o755);
  try {
    return await withEmbedded(
      { directory: join(directory, ".sqlwright"), log: say },
      async ({ url, ownerUrl, directory: place }) => {
        const { superuser } = JSON.parse(
          await Deno.readTextFile(join(place, "cluster-18", "credentials.json")),
        );
        const embedded: TestServer = {
          version: 18,
          url: withUser(url, "postgres", superuser),
          ownerUrl,
          serverUrl: url,
        };
        return await withPostgres15(join(directory, "postgres-15"), async (older) => {
          const servers = older === null ? [embedded] : [embedded, older];
          for (const server of servers) await buildTemplate(server);
          say(`Testing on PostgreSQL ${servers.map(({ version }) => version).join(" and ")}`);
          return await runTests(args, servers);
        });
      },
    );
  } finally {
    await Deno.remove(directory, { recursive: true }).catch(() => {});
  }
}

async function runTests(args: string[], servers: TestServer[]): Promise<number> {
  const files = args.some((arg) => !arg.startsWith("-")) ? args : [...args, "tests/"];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--allow-all", "--no-prompt", ...files],
    cwd: project,
    env: {
      SQLWRIGHT_TEST_SERVERS: JSON.stringify(servers),
      SQLWRIGHT_TEST_DATABASE_URL: servers[0]!.url,
      DENO_NO_UPDATE_CHECK: "1",
    },
    stdin: "null",
  }).spawn();
  const { code } = await child.status;
  return code;
}

/** A cluster of PostgreSQL 15 with trust on the loopback, or null where there are no programs. */
async function withPostgres15<T>(home: string, use: (server: TestServer | null) => Promise<T>): Promise<T> {
  const bin = Deno.env.get("SQLWRIGHT_TEST_POSTGRES_BIN") ?? "/usr/lib/postgresql/15/bin";
  const program = (name: string) => join(bin, name);
  if (!await Deno.stat(program("postgres")).then(() => true, () => false)) {
    say(`No PostgreSQL 15 in ${bin}: testing on 18 alone`);
    return await use(null);
  }
  const { account, directory } = await placeFiles(home, say);
  const data = join(directory, "data");
  await Deno.mkdir(data, { mode: 0o700 });
  if (account) await Deno.chown(data, account.uid, account.gid);
  const initdb = await new Deno.Command(program("initdb"), {
    args: ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
    ...asAccount(account),
    cwd: data,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!initdb.success) throw new Error(new TextDecoder().decode(initdb.stderr));
  const port = freePort();
  const server = new Deno.Command(program("postgres"), {
    args: [
      "-D",
      data,
      "-p",
      String(port),
      "-c",
      "listen_addresses=127.0.0.1",
      "-c",
      "unix_socket_directories=",
      "-c",
      "fsync=off",
    ],
    ...asAccount(account),
    cwd: data,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await ready(join(data, "postmaster.pid"));
    const base = `postgresql://postgres@127.0.0.1:${port}/postgres`;
    return await use({
      version: 15,
      url: base,
      ownerUrl: withUser(base, "sqlwright_owner"),
      serverUrl: withUser(base, "sqlwright_server"),
    });
  } finally {
    server.kill("SIGINT");
    await server.status;
  }
}

async function ready(lockFile: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const lines = (await Deno.readTextFile(lockFile).catch(() => "")).split("\n");
    if (lines[7]?.trim() === "ready") return;
    await delay(50);
  }
  throw new Error("PostgreSQL 15 was not ready within 30 s");
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

function withUser(url: string, user: string, password = ""): string {
  const changed = new URL(url.replace(/^postgres(ql)?:/, "http:"));
  changed.username = user;
  changed.password = password;
  return changed.href.replace(/^http:/, "postgresql:");
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
