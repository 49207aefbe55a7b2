/** Loads as jobs, run by real worker processes. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { enqueueFiles } from "../../src/edgar/jobs.ts";
import { project, type TestDatabase, until } from "../harness.ts";
import { checksums, withEmptyEdgar } from "./loading.ts";
import { smallPayloads, withSecServer } from "./sec_server.ts";

const paths = ["files", "submissions", "api", "Archives"].map((part) => join(smallPayloads, part));

function startWorker({ ownerUrl }: TestDatabase, args: readonly string[], secUrl = "http://127.0.0.1:1") {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "main.ts", "edgar", ...args],
    cwd: project,
    env: {
      DATABASE_URL: ownerUrl,
      SQLWRIGHT_SQL_DIR: "sql",
      EDGAR_USER_AGENT: "Example Research admin@example.com",
      EDGAR_WWW_URL: secUrl,
      EDGAR_DATA_URL: secUrl,
      NO_COLOR: "1",
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

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
