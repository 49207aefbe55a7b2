/**
 * `deno task test`: brings up the real servers that the tests need, runs `deno test`, and stops them.
 *
 * PostgreSQL 18 is the embedded one; PostgreSQL 15 joins when its programs are on the machine, where Debian installs them, or those of
 * SQLWRIGHT_TEST_POSTGRES_BIN: folders of programs, separated by colons. On each a template database holds the migrations, the views and the bundled sample; a test
 * file copies it. Arguments are passed on to `deno test`.
 */

import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import postgres from "postgres";
import { fetchPackages, hasPackages } from "../src/packages.ts";
import { packageVersion } from "../src/embedded/binaries.ts";
import { withEmbedded } from "../src/embedded/embedded.ts";
import { asAccount, placeFiles } from "../src/embedded/cluster.ts";
import { buildTemplate, type TestServer } from "./harness.ts";
import { isLeftOut, isStrict } from "./services.ts";
import { runShards } from "./shards.ts";

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
          programs: join(place, `postgresql-${packageVersion}`, "bin"),
        };
        return await withServers(directory, programFolders(), async (others) => {
          const servers = [embedded, ...others];
          if (isStrict && others.length === 0 && !isLeftOut("PostgreSQL 15")) {
            say("PostgreSQL 15 is missing, and with CI set nothing is left out");
            return 1;
          }
          await Promise.all(servers.map(async (server) => {
            await forgetDurability(server);
            await buildTemplate(server);
          }));
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
  // The tests start the product and the loader as they come: with --cached-only, under their own locks.
  for (const configFile of ["deno.json", "edgar/deno.json", "tests/deno.json"]) {
    if (!await hasPackages(join(project, configFile))) {
      await fetchPackages({ configFile: join(project, configFile) });
    }
  }
  return await runShards({
    project,
    paths: args.filter((arg) => !arg.startsWith("-")),
    flags: args.filter((arg) => arg.startsWith("-")),
    environment: {
      SQLWRIGHT_TEST_SERVERS: JSON.stringify(servers),
      SQLWRIGHT_TEST_DATABASE_URL: servers[0]!.url,
    },
    missing: servers.length > 1 ? [] : ["PostgreSQL 15"],
  });
}

/** Copies of the template are made and dropped hundreds of times, and a crash may lose them all. */
async function forgetDurability({ url }: TestServer): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    for (const setting of ["fsync", "full_page_writes", "synchronous_commit"]) {
      await sql.unsafe(`alter system set ${setting} = off`);
    }
    await sql`select pg_reload_conf()`;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function programFolders(): string[] {
  if (isLeftOut("PostgreSQL 15")) return [];
  const folders = Deno.env.get("SQLWRIGHT_TEST_POSTGRES_BIN") ?? "/usr/lib/postgresql/15/bin";
  return folders.split(":").filter((folder) => folder !== "");
}

/** One server for each folder that holds the programs. */
async function withServers<T>(
  directory: string,
  [bin, ...others]: string[],
  use: (servers: TestServer[]) => Promise<T>,
): Promise<T> {
  if (bin === undefined) return await use([]);
  const further = (servers: TestServer[]) =>
    withServers(directory, others, (more) => use([...servers, ...more]));
  if (!await Deno.stat(join(bin, "postgres")).then(() => true, () => false)) {
    say(`No PostgreSQL in ${bin}: testing without it`);
    return await further([]);
  }
  return await withServer(directory, bin, (server) => further([server]));
}

/** A cluster with trust on the loopback. */
async function withServer<T>(
  directory: string,
  bin: string,
  use: (server: TestServer) => Promise<T>,
): Promise<T> {
  const program = (name: string) => join(bin, name);
  const version = await majorVersion(program("postgres"));
  const { account, directory: home } = await placeFiles(join(directory, `postgres-${version}`), say);
  const data = join(home, "data");
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
    ],
    ...asAccount(account),
    cwd: data,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await ready(join(data, "postmaster.pid"), version);
    const base = `postgresql://postgres@127.0.0.1:${port}/postgres`;
    return await use({
      version,
      url: base,
      ownerUrl: withUser(base, "sqlwright_owner"),
      serverUrl: withUser(base, "sqlwright_server"),
      programs: bin,
    });
  } finally {
    server.kill("SIGINT");
    await server.status;
  }
}

/** Of `postgres (PostgreSQL) 16.14`. */
async function majorVersion(program: string): Promise<number> {
  const { stdout } = await new Deno.Command(program, { args: ["--version"] }).output();
  const version = Number(/(\d+)/.exec(new TextDecoder().decode(stdout))?.[1]);
  if (!(version > 0)) throw new Error(`${program} does not tell its version`);
  return version;
}

async function ready(lockFile: string, version: number): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const lines = (await Deno.readTextFile(lockFile).catch(() => "")).split("\n");
    if (lines[7]?.trim() === "ready") return;
    await delay(50);
  }
  throw new Error(`PostgreSQL ${version} was not ready within 30 s`);
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
