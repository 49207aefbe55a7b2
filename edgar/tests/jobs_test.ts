/** Loads as jobs, run by real worker processes. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { enqueueFiles } from "../src/sync/jobs.ts";
import { project, type TestDatabase, until, withFiles } from "../../tests/harness.ts";
import { checksums, withEmptyEdgar } from "./loading.ts";
import { smallPayloads, withSecServer } from "./sec_server.ts";

const paths = ["files", "submissions", "api", "Archives"].map((part) => join(smallPayloads, part));

function startWorker(
  { ownerUrl }: TestDatabase,
  args: readonly string[],
  secUrl = "http://127.0.0.1:1",
  env: Record<string, string> = {},
) {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--config", "edgar/deno.json", "main.ts", "edgar", ...inProject(args)],
    cwd: project,
    env: {
      DATABASE_URL: ownerUrl,
      EDGAR_USER_AGENT: "Example Research admin@example.com",
      EDGAR_WWW_URL: secUrl,
      EDGAR_DATA_URL: secUrl,
      NO_COLOR: "1",
      ...env,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** The option stands behind the command. */
const inProject = ([command, ...words]: readonly string[]) => [command!, "--project", "edgar", ...words];

async function outputOf(child: Deno.ChildProcess): Promise<{ code: number; stderr: string }> {
  const { code, stderr } = await child.output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

Deno.test("two workers load every file once, what is queued twice is one job, and nothing is left", async () => {
  await withEmptyEdgar(async (database) => {
    const { sql, ownerUrl } = database;
    const { jobs } = await enqueueFiles(ownerUrl, paths);
    assert.equal((await enqueueFiles(ownerUrl, paths)).jobs, jobs);
    const [queued] = await sql`select count(*)::integer as count from graphile_worker._private_jobs`;
    assert.equal(queued!.count, jobs);
    const workers = [startWorker(database, ["work", "--once"]), startWorker(database, ["work", "--once"])];
    const ended = await Promise.all(workers.map(outputOf));
    for (const { code, stderr } of ended) assert.equal(code, 0, stderr);
    const loads = ended.flatMap(({ stderr }) => stderr.match(/file \S+ +1 loaded, 0 known/g) ?? []);
    assert.equal(new Set(loads).size, loads.length, "no file was loaded by both");
    assert.equal(loads.length, jobs);
    const files = await sql`select status from edgar.source_file`;
    assert.equal(files.length, jobs);
    assert.ok(files.every(({ status }) => status === "loaded"));
    const [left] = await sql`select count(*)::integer as count from graphile_worker._private_jobs`;
    assert.equal(left!.count, 0);
  });
});

Deno.test("the job of a worker that was killed is taken over by another, and the rows are those of an unbroken load", async () => {
  await withEmptyEdgar(async (database) => {
    const { sql, ownerUrl } = database;
    const { jobs } = await enqueueFiles(ownerUrl, paths);
    // The first job waits for the end of this transaction, so the worker is killed in the middle of it.
    const held = await sql.reserve();
    await held`begin`;
    await held`insert into edgar.company (cik, name) values (320193, 'somebody else is at it')`;
    const doomed = startWorker(database, ["work"]);
    await until("a job waits for the transaction", async () => {
      const [row] = await sql`
        select count(*)::integer as count
        from pg_stat_activity
        where datname = current_database() and wait_event = 'transactionid'`;
      return row!.count > 0;
    }, 30_000);
    doomed.kill("SIGKILL");
    await doomed.output();
    const [locked] = await sql`
      select count(*)::integer as count from graphile_worker._private_jobs where locked_by is not null`;
    assert.equal(locked!.count, 1, "graphile-worker holds the job for the dead worker");
    await held`rollback`;
    held.release();
    const { code, stderr } = await outputOf(startWorker(database, ["work", "--once"]));
    assert.equal(code, 0, stderr);
    assert.match(stderr, /edgar\.worker_gone/);
    const files = await sql`select path from edgar.source_file where status = 'loaded'`;
    assert.equal(files.length, jobs);
    const sums = await checksums(sql);
    await withEmptyEdgar(async (other) => {
      const { code } = await outputOf(startWorker(other, ["load", ...paths, "--json"]));
      assert.equal(code, 0);
      const whole = await checksums(other.sql);
      assert.deepEqual([sums.fact, sums.company, sums.filing], [whole.fact, whole.company, whole.filing]);
    });
  });
});

Deno.test("a job that takes long stays with its worker as long as that lives", async () => {
  await withEmptyEdgar(async (database) => {
    const { sql, ownerUrl } = database;
    const { jobs } = await enqueueFiles(ownerUrl, [join(smallPayloads, "submissions")]);
    const held = await sql.reserve();
    await held`begin`;
    await held`insert into edgar.company (cik, name) values (320193, 'somebody else is at it')`;
    const slow = startWorker(database, ["work"]);
    const waiting = async () => {
      const [row] = await sql`
        select locked_by
        from graphile_worker._private_jobs
        where locked_by is not null and exists (
          select
          from pg_stat_activity
          where datname = current_database() and wait_event = 'transactionid'
        )`;
      return row?.locked_by as string | undefined;
    };
    await until("a job waits for the transaction", async () => await waiting() !== undefined, 30_000);
    const owner = await waiting();
    await sql`update graphile_worker._private_jobs set locked_at = now() - interval '1 hour' where locked_by is not null`;
    const other = await outputOf(startWorker(database, ["work", "--once"]));
    assert.equal(other.code, 0, other.stderr);
    assert.doesNotMatch(other.stderr, /edgar\.worker_gone/);
    assert.equal(await waiting(), owner);
    const [workers] = await sql`
      select count(*)::integer as count
      from pg_locks
      where locktype = 'advisory' and classid = ${0x45444752}
        and database = (select oid from pg_database where datname = current_database())`;
    assert.equal(workers!.count, 1, "as edgar_worker_jobs counts them");
    await held`rollback`;
    held.release();
    await until("all jobs are done", async () => {
      const [row] =
        await sql`select count(*)::integer as count from edgar.source_file where status = 'loaded'`;
      return row!.count === jobs;
    }, 30_000);
    slow.kill("SIGTERM");
    const { stderr } = await outputOf(slow);
    assert.doesNotMatch(stderr, /edgar\.worker_gone/);
  });
});

Deno.test("companies are queued by ticker, and a worker syncs them from SEC", async () => {
  await withSecServer(smallPayloads, async (sec) => {
    await withEmptyEdgar(async (database) => {
      const queued = await outputOf(
        startWorker(database, ["sync", "--ticker", "AAPL,MCD", "--queue"], sec.url),
      );
      assert.equal(queued.code, 0, queued.stderr);
      assert.deepEqual(sec.log.map(({ path }) => path), ["files/company_tickers_exchange.json"]);
      const { code, stderr } = await outputOf(startWorker(database, ["work", "--once"], sec.url));
      assert.equal(code, 0, stderr);
      const facts = await database.sql`select distinct cik::integer from edgar.fact order by 1`;
      assert.deepEqual(facts.map(({ cik }) => cik), [63908, 320193]);
    });
  });
});

Deno.test("the nightly archives are asked for once, done by a worker with a disk, and told on the way to the end", async () => {
  const { ZipWriter, Uint8ArrayWriter, Uint8ArrayReader } = await import("@zip.js/zip.js");
  const zip = async (path: string) => {
    const writer = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false });
    const content = await Deno.readFile(join(smallPayloads, path));
    await writer.add(path.split("/").at(-1)!, new Uint8ArrayReader(content));
    return await writer.close();
  };
  const companyFacts = "Archives/edgar/daily-index/xbrl/companyfacts.zip";
  const stateOf = async ({ sql }: TestDatabase) => {
    const [job] = await sql`select state::text, files, failure, progress from edgar.job`;
    return job!;
  };
  await withFiles(
    {},
    (directory) =>
      withSecServer(smallPayloads, (sec) =>
        withEmptyEdgar(async (database) => {
          const env = { SQLWRIGHT_DATA_DIR: directory, EDGAR_RETRIES: "0" };
          const edgar = async (...args: string[]) =>
            await outputOf(startWorker(database, args, sec.url, env));
          for (let asked = 0; asked < 2; asked++) {
            const { code, stderr } = await edgar("sync", "--bulk", "--queue");
            assert.equal(code, 0, stderr);
          }
          assert.equal((await stateOf(database)).state, "queued");
          assert.deepEqual(sec.log, [], "asking costs SEC nothing");

          sec.put(
            "Archives/edgar/daily-index/bulkdata/submissions.zip",
            await zip("submissions/CIK0000320193.json"),
          );
          sec.put(companyFacts, await zip("api/xbrl/companyfacts/CIK0000320193.json"));
          sec.misbehave(companyFacts, [{ kind: "status", status: 500 }]);
          const failing = edgar("work", "--once");
          await until("the first try failed", async () => (await stateOf(database)).failure !== null, 30_000);
          const failed = await stateOf(database);
          assert.deepEqual([failed.state, /500/.test(failed.failure)], ["queued", true]);
          await failing;

          await database.sql`update graphile_worker._private_jobs set run_at = now()`;
          const { code, stderr } = await edgar("work", "--once");
          assert.equal(code, 0, stderr);
          const done = await stateOf(database);
          assert.deepEqual([done.state, done.failure], ["done", null]);
          assert.match(done.progress, /2 loaded, 1 known, 0 missing, 0 failed/);
          const [facts] = await database.sql`select count(*)::integer as count from edgar.fact`;
          assert.ok(facts!.count > 0);
          assert.deepEqual(await Array.fromAsync(Deno.readDir(join(directory, "edgar"))), []);

          sec.log.length = 0;
          await edgar("sync", "--bulk", "--queue");
          await edgar("work", "--once");
          assert.equal((await stateOf(database)).state, "done", "what is done may be asked for again");
          assert.deepEqual(sec.log.map(({ status }) => status), [304, 304]);
        })),
  );
});
