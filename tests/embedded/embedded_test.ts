import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { SqlwrightError } from "../../src/errors.ts";
import { placeFiles } from "../../src/embedded/cluster.ts";
import { startEmbedded, withEmbedded } from "../../src/embedded/embedded.ts";
import {
  makeDataDirectory,
  processesOf,
  readClusterState,
  removeBinaries,
  removeDataDirectory,
  until,
} from "../fixtures/embedded_cluster.ts";

const quiet = () => {};
const shutDown = 1;

/** One cluster for all tests that need no new one; the first test makes it. */
const shared = { data: "" };

async function query(url: string, text: string): Promise<Record<string, unknown>> {
  const sql = postgres(url, { max: 1, onnotice: () => {}, connect_timeout: 5 });
  try {
    return (await sql.unsafe(text))[0] as Record<string, unknown>;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

Deno.test("the first start makes a cluster with an owner and a server role, neither a superuser", async () => {
  shared.data = await makeDataDirectory();
  const lines: string[] = [];
  const identities = await withEmbedded(
    { directory: shared.data, log: (line) => lines.push(line) },
    async (server) => {
      assert.equal(server.isNew, true);
      assert.equal(server.isShared, false);
      assert.equal(server.version, "18.4");
      const identity = `
      select current_user as role, rolsuper, rolcreaterole, current_setting('server_version') as version,
             pg_encoding_to_char(encoding) as encoding, has_database_privilege(datname, 'create') as may_create,
             has_database_privilege(datname, 'temporary') as may_stage, current_setting('fsync') as fsync,
             current_setting('timezone') as timezone, current_setting('listen_addresses') as addresses
      from pg_roles, pg_database
      where rolname = current_user and datname = current_database()`;
      return [await query(server.ownerUrl, identity), await query(server.url, identity)];
    },
  );
  const cluster = {
    rolsuper: false,
    version: "18.4",
    encoding: "UTF8",
    may_stage: true,
    fsync: "on",
    timezone: "UTC",
    addresses: "127.0.0.1",
  };
  assert.deepEqual(identities.map((row) => ({ ...row })), [
    { ...cluster, role: "sqlwright_owner", rolcreaterole: true, may_create: true },
    { ...cluster, role: "sqlwright_server", rolcreaterole: false, may_create: false },
  ]);
  assert.deepEqual(lines, ["Making a database cluster …"]);
});

Deno.test("a stop leaves no process, and a cluster that is shut down", async () => {
  const server = await startEmbedded({ directory: shared.data, log: quiet });
  assert.notEqual((await processesOf(shared.data)).length, 0);
  assert.equal(await server.stop(), true);
  await until(async () => (await processesOf(shared.data)).length === 0, "no process left", 3000);
  assert.equal(await readClusterState(shared.data), shutDown);
  await assert.rejects(query(server.url, "select 1"));
});

Deno.test("a second start takes the cluster, the port and the data of the first", async () => {
  const options = { directory: shared.data, log: (line: string) => assert.fail(line) };
  const first = await withEmbedded(options, async (server) => {
    await query(server.ownerUrl, "create table public.kept as select 42 as answer");
    await query(server.ownerUrl, "grant select on public.kept to sqlwright_server");
    return server;
  });
  await withEmbedded(options, async (server) => {
    assert.equal(server.isNew, false);
    assert.equal(server.url, first.url);
    assert.deepEqual({ ...await query(server.url, "select answer from public.kept") }, { answer: 42 });
  });
});

Deno.test("nobody gets in without the password", async () => {
  await withEmbedded({ directory: shared.data, log: quiet }, async (server) => {
    for (const user of ["postgres", "sqlwright_owner", "sqlwright_server"]) {
      for (const database of ["sqlwright", "postgres"]) {
        await assert.rejects(
          query(`postgresql://${user}:wrong@127.0.0.1:${server.port}/${database}`, "select 1"),
          { code: "28P01" },
        );
      }
    }
    const elsewhere = server.url.replace(/sqlwright$/, "postgres");
    await assert.rejects(query(elsewhere, "select 1"), { code: "42501" });
  });
});

Deno.test("secrets are in files of the owner only, and on no command line", async () => {
  await withEmbedded({ directory: shared.data, log: quiet }, async () => {
    const files = [join(shared.data, "cluster-18/credentials.json"), join(shared.data, "supervisor.json")];
    const secrets: string[] = [];
    for (const file of files) {
      if (Deno.build.os !== "windows") assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600, file);
      secrets.push(...Object.values(JSON.parse(await Deno.readTextFile(file))).map(String));
    }
    const commands = (await processesOf(shared.data)).map(({ command }) => command).join("\n");
    const log = await Deno.readTextFile(join(shared.data, "postgres.log"));
    for (const secret of secrets.filter((text) => text.length > 10)) {
      assert.equal(commands.includes(secret) || log.includes(secret), false);
    }
  });
});

Deno.test("two starts at once share one server, and the last one stops it", async () => {
  const options = { directory: shared.data, log: quiet };
  const [one, other] = await Promise.all([startEmbedded(options), startEmbedded(options)]);
  assert.equal(one.url, other.url);
  assert.deepEqual([one.isShared, other.isShared].toSorted(), [false, true]);
  assert.equal(await one.stop(), false);
  assert.deepEqual({ ...await query(other.url, "select 1 as one") }, { one: 1 });
  assert.equal(await other.stop(), true);
  await until(async () => (await processesOf(shared.data)).length === 0, "no process left", 3000);
  assert.equal(await readClusterState(shared.data), shutDown);
});

Deno.test("a start during the stop of another waits and gets a server of its own", async () => {
  const options = { directory: shared.data, log: quiet };
  const first = await startEmbedded(options);
  const [isStopped, second] = await Promise.all([first.stop(), startEmbedded(options)]);
  assert.deepEqual({ ...await query(second.url, "select 1 as one") }, { one: 1 });
  assert.equal(second.isShared, !isStopped);
  assert.equal(await second.stop(), true);
});

for (
  const [what, findPid] of [
    ["of a process that is gone", endedProcess],
    ["whose process id another program has now", () => Promise.resolve(Deno.pid)],
  ] as const
) {
  Deno.test(`a lock file ${what} does not hinder a start`, async () => {
    // The lock file of a running server is not ours to write.
    await until(async () => (await processesOf(shared.data)).length === 0, "no process left", 3000);
    const lockFile = join(shared.data, "cluster-18/data/postmaster.pid");
    const data = join(shared.data, "cluster-18/data");
    await Deno.writeTextFile(
      lockFile,
      `${await findPid()}\n${data}\n1700000000\n5432\n\n127.0.0.1\n        1         1\nready   \n`,
    );
    const { uid, gid } = await Deno.stat(data);
    if (Deno.build.os !== "windows") await Deno.chown(lockFile, uid, gid);
    await withEmbedded({ directory: shared.data, log: quiet }, async (server) => {
      assert.deepEqual({ ...await query(server.url, "select 1 as one") }, { one: 1 });
    });
  });
}

Deno.test("a port that is in use is left to its user, and the new one is kept", async () => {
  const options = { directory: shared.data, log: quiet };
  const remembered = await withEmbedded(options, (server) => Promise.resolve(server.port));
  const listener = Deno.listen({ hostname: "127.0.0.1", port: remembered });
  const moved = await withEmbedded(options, (server) => Promise.resolve(server.port));
  listener.close();
  assert.notEqual(moved, remembered);
  assert.equal(await withEmbedded(options, (server) => Promise.resolve(server.port)), moved);
});

for (
  const [what, sign] of [["supervisor", "embedded/supervisor.ts"], ["PostgreSQL", "-D "]] as const
) {
  Deno.test(`a killed ${what} is brought up again on the same port`, async () => {
    const server = await startEmbedded({ directory: shared.data, log: quiet });
    const before = await processesOf(shared.data);
    Deno.kill(before.find(({ command }) => command.includes(sign))!.pid, "SIGKILL");
    await until(async () => {
      const now = await processesOf(shared.data);
      return now.length === before.length && !now.some(({ pid }) => before.some((old) => old.pid === pid));
    }, "a new supervisor with a new PostgreSQL");
    await until(
      () => query(server.url, "select 1").then(() => true, () => false),
      "an answer on the same port",
    );
    assert.equal(await server.stop(), true);
    await until(async () => (await processesOf(shared.data)).length === 0, "no process left", 3000);
  });
}

Deno.test("a PostgreSQL whose supervisor and users were all killed is stopped by the next start", async () => {
  const child = await startInAnotherProcess(shared.data);
  const before = await processesOf(shared.data);
  // Stopped first, the launcher cannot replace what is killed next.
  Deno.kill(child.pid, "SIGSTOP");
  Deno.kill(before.find(({ command }) => command.includes("embedded/supervisor.ts"))!.pid, "SIGKILL");
  child.kill("SIGKILL");
  await child.status;
  const orphan = before.find(({ command }) => command.includes("-D "))!;
  assert.ok((await processesOf(shared.data)).some(({ pid }) => pid === orphan.pid), "PostgreSQL still runs");
  await withEmbedded({ directory: shared.data, log: quiet }, async (server) => {
    assert.equal(server.isShared, false);
    assert.deepEqual({ ...await query(server.url, "select 1 as one") }, { one: 1 });
    assert.ok(!(await processesOf(shared.data)).some(({ pid }) => pid === orphan.pid), "the orphan is gone");
  });
});

Deno.test("a killed start takes its PostgreSQL along, shut down cleanly", async () => {
  const child = await startInAnotherProcess(shared.data);
  assert.notEqual((await processesOf(shared.data)).length, 0);
  child.kill("SIGKILL");
  await child.status;
  await until(async () => (await processesOf(shared.data)).length === 0, "no process left");
  assert.equal(await readClusterState(shared.data), shutDown);
});

Deno.test("a first start that was killed half-way leaves nothing that the next one stumbles over", async () => {
  const data = await makeDataDirectory();
  await Deno.mkdir(join(data, "cluster-18.new/data/base"), { recursive: true });
  await Deno.writeTextFile(join(data, "cluster-18.new/data/PG_VERSION"), "18\n");
  await withEmbedded({ directory: data, log: quiet }, async (server) => {
    assert.equal(server.isNew, true);
    assert.deepEqual({ ...await query(server.url, "select 1 as one") }, { one: 1 });
    // As if it had been killed before the roles were whole: the next start makes what is missing.
    await Deno.remove(join(data, "cluster-18/roles_made"));
  });
  await withEmbedded({ directory: data, log: quiet }, async (server) => {
    assert.equal(server.isNew, false);
    assert.deepEqual({ ...await query(server.url, "select 1 as one") }, { one: 1 });
  });
  await removeDataDirectory(data);
});

Deno.test("a server that cannot start says why, and leaves no process", async () => {
  const file = join(shared.data, "cluster-18/data/postgresql.conf");
  const configuration = await Deno.readTextFile(file);
  await Deno.writeTextFile(file, `${configuration}\nshared_buffers = 'much'\n`);
  const error = await startEmbedded({ directory: shared.data, log: quiet }).then(
    () => null,
    (reason) => reason,
  );
  await Deno.writeTextFile(file, configuration);
  assert.ok(error instanceof SqlwrightError);
  assert.equal(error.code, "embedded.failed");
  assert.match(String(error.details.log), /invalid value for parameter "shared_buffers": "much"/);
  await until(async () => (await processesOf(shared.data)).length === 0, "no process left", 3000);
});

Deno.test("files lie in the project, or where the account of PostgreSQL can reach them", async () => {
  const closed = await Deno.makeTempDir({ prefix: "sqlwright_closed_" });
  const lines: string[] = [];
  const placement = await placeFiles(join(closed, ".sqlwright"), (line) => lines.push(line));
  if (Deno.build.os !== "windows" && Deno.uid() === 0) {
    assert.match(placement.directory, /^\/var\/lib\/sqlwright\/sqlwright_closed_.+-[0-9a-f]{8}$/);
    assert.notEqual(placement.account!.uid, 0);
    assert.equal(lines.length, 1);
    await Deno.remove(placement.directory, { recursive: true });
  } else {
    assert.equal(placement.directory, join(closed, ".sqlwright"));
    assert.equal(placement.account, null);
  }
  await Deno.remove(closed, { recursive: true });
});

Deno.test.afterAll(async () => {
  // Without the first test, as with --filter, there is none.
  if (shared.data !== "") await removeDataDirectory(shared.data);
  await removeBinaries();
});

/** The id of a process that has ended. */
async function endedProcess(): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), { args: ["--version"], stdout: "null" }).spawn();
  await child.status;
  return child.pid;
}

/** A start in a process of its own, which waits for ever once its server is up. */
async function startInAnotherProcess(data: string): Promise<Deno.ChildProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--cached-only", "tests/fixtures/hold_embedded.ts", data],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  return child;
}
