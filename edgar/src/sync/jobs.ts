/**
 * Loads as jobs, for several workers on several machines: graphile-worker's queue in a schema of its own in
 * the same database. One job a file or company, under a key, so that what is queued twice is one job; the
 * ledger keeps a file from being loaded twice even then.
 *
 * SEC's nightly archives are asked for in `edgar.job`, also by a server that may not see the queue: a worker
 * finds the request there, queues it, and writes down how far it is.
 *
 * A worker, in graphile-worker's words a pool, holds an advisory lock under its id for as long as its session
 * lives. A job whose worker has no lock any more belongs to a process that died, and is given back within
 * seconds; graphile-worker's own bound is four hours.
 */

import { EventEmitter } from "node:events";
import { resolve } from "node:path";
import type { Job, TaskList, WorkerUtils } from "graphile-worker";
import postgres from "postgres";
import type { Log } from "sqlwright";
import { SqlwrightError } from "../errors.ts";
import { bulkTask, describeSummary, takeRequests } from "./bulk_job.ts";
import type { SecClient } from "../sec/client.ts";
import { findSourceFiles, phaseOf, phases, stateOf } from "../load/files.ts";
import type { EdgarQueries } from "../load/ledger.ts";
import { wait } from "../sec/limiter.ts";
import { Loader } from "../load/load.ts";
import { companiesOf, syncCompanies, type SyncContext, type SyncRequest } from "./sync.ts";
import { documentKinds } from "./sync_documents.ts";

export interface QueuedJobs {
  jobs: number;
}

export interface WorkOptions {
  /**
   * Of the queue: a login that may create the schema `graphile_worker`, once, and use it. Not behind a pooler
   * of transactions.
   */
  databaseUrl: string;
  /** The load tools, under the login of the server. */
  queries: EdgarQueries;
  client: SecClient;
  /** Where the nightly archives come to. */
  directory: string;
  /** Jobs at a time. */
  concurrency: number;
  /** End when no job is left. */
  isOnce: boolean;
  signal: AbortSignal;
  log: Log;
}

/**
 * A file is given up after so many failures; the ledger has the reason, and the next `load` or `sync` tries
 * anew.
 */
const maximumAttempts = 3;
const sweepEvery_ms = 2000;
/** A worker that has just begun may not have its lock yet. */
const leastDead_s = 3;
/** Of the advisory locks: the letters EDGR; `worker_jobs.sql` counts them. */
const lockClass = 0x45444752;

/** @throws {SqlwrightError} `edgar.path_unknown` */
export async function enqueueFiles(databaseUrl: string, paths: readonly string[]): Promise<QueuedJobs> {
  const files = await findSourceFiles(paths);
  const states = [...new Set(files.map(stateOf))];
  return await enqueue(
    databaseUrl,
    files.map(({ file, path, kind }) => ({
      task: "edgar_file",
      key: `file ${path}`,
      payload: { path: resolve(file), ledgerPath: path },
      // What a later phase refers to goes first; older states of a mirror before newer ones.
      priority: states.indexOf(stateOf({ path })) * phases.length + phases.indexOf(phaseOf(kind)),
      // Of two lists the last one stands, so they run one after the other.
      ...(["tickers", "indexes"].includes(phaseOf(kind)) ? { queue: `edgar ${phaseOf(kind)}` } : {}),
    })),
  );
}

/**
 * Finds the companies at once, tickers and daily indexes included; their files are the jobs. The nightly
 * archives are one job.
 */
export async function enqueueCompanies(
  databaseUrl: string,
  request: SyncRequest,
  context: SyncContext,
): Promise<QueuedJobs> {
  const ciks = await companiesOf(request, context);
  const { documents, maximumFilings } = request;
  if (request.isBulk) await context.queries.queue_bulk_sync({}, { signal: context.signal });
  const { jobs } = await enqueue(
    databaseUrl,
    ciks.map((cik) => ({
      task: "edgar_company",
      key: `company ${cik}`,
      payload: { cik, documents: [...documents], maximumFilings },
      priority: 0,
    })),
  );
  return { jobs: jobs + Number(request.isBulk) };
}

interface NewJob {
  task: string;
  key: string;
  payload: Record<string, unknown>;
  priority: number;
  /** Jobs of one queue run one after the other. */
  queue?: string;
}

async function enqueue(databaseUrl: string, jobs: readonly NewJob[]): Promise<QueuedJobs> {
  const { makeWorkerUtils } = await import("graphile-worker");
  const utils = await makeWorkerUtils({
    connectionString: databaseUrl,
    maxPoolSize: 2,
    logger: await silentLogger(),
  })
    .catch(toQueueError);
  try {
    await utils.migrate();
    for (const { task, key, payload, priority, queue } of jobs) {
      await utils.addJob(task, payload, {
        jobKey: key,
        priority,
        maxAttempts: maximumAttempts,
        ...(queue === undefined ? {} : { queueName: queue }),
      });
    }
    return { jobs: jobs.length };
  } catch (error) {
    return toQueueError(error);
  } finally {
    await utils.release();
  }
}

/** Runs jobs until the signal aborts, or once. */
export async function work(options: WorkOptions): Promise<void> {
  const { databaseUrl, concurrency, isOnce, signal, log } = options;
  const { run, runOnce, makeWorkerUtils } = await import("graphile-worker");
  const logger = await silentLogger();
  const utils = await makeWorkerUtils({ connectionString: databaseUrl, maxPoolSize: 2, logger }).catch(
    toQueueError,
  );
  // One session: its end is the end of all its locks.
  const life = postgres(databaseUrl, { max: 1, idle_timeout: 0, onnotice: () => {} });
  const events = new EventEmitter();
  // graphile-worker locks a job for the pool of its workers, and not for one of them.
  events.on("pool:create", ({ workerPool }: { workerPool: { id: string } }) => {
    life`select pg_advisory_lock(${lockClass}, hashtext(${workerPool.id}))`.catch((error) =>
      log.error("edgar.worker_lock", { message: String(error) })
    );
  });
  const shared = {
    connectionString: databaseUrl,
    maxPoolSize: concurrency + 2,
    taskList: tasksOf(options, life),
    concurrency,
    noHandleSignals: true,
    pollInterval: 1000,
    gracefulShutdownAbortTimeout: 100,
    logger,
    events,
  };
  try {
    await utils.migrate();
    if (isOnce) {
      await drain(() => runOnce(shared), { life, utils, log, signal });
      return;
    }
    const runner = await run(shared);
    try {
      while (!signal.aborted) {
        await freeDead({ life, utils, log });
        await takeRequests({ life, utils });
        await wait(sweepEvery_ms, signal).catch(() => {});
      }
    } finally {
      await runner.stop().catch((error) => log.error("edgar.worker_stop", { message: String(error) }));
    }
  } catch (error) {
    toQueueError(error);
  } finally {
    await life.end({ timeout: 1 });
    await utils.release();
  }
}

interface Queue {
  life: postgres.Sql;
  utils: Pick<WorkerUtils, "forceUnlockWorkers" | "addJob">;
  log: Log;
}

/** Runs what is there, and what workers that died left behind; jobs of workers that live are theirs. */
async function drain(runAll: () => Promise<void>, queue: Queue & { signal: AbortSignal }): Promise<void> {
  for (;;) {
    queue.signal.throwIfAborted();
    await takeRequests(queue);
    await runAll();
    // Each run is a pool of its own, and this one has ended.
    await queue.life`select pg_advisory_unlock_all()`;
    const freed = await freeDead(queue);
    if (freed > 0) continue;
    const [left] = await queue.life`
      select
        count(*) filter (
          where run_at <= now()
            and attempts < max_attempts
            and locked_at is null
        )::integer as ready,
        count(*) filter (where locked_at is not null and not ${isAlive(queue.life)})::integer as dead
      from graphile_worker._private_jobs`;
    if (left!.ready === 0 && left!.dead === 0) return;
    await wait(500, queue.signal);
  }
}

/** Gives jobs back whose worker is gone. @returns how many workers were gone */
async function freeDead({ life, utils, log }: Queue): Promise<number> {
  const dead = await life<{ locked_by: string }[]>`
    select distinct locked_by
    from graphile_worker._private_jobs
    where locked_at < now() - make_interval(secs => ${leastDead_s})
      and not ${isAlive(life)}`;
  if (dead.length === 0) return 0;
  const ids = dead.map(({ locked_by }) => locked_by);
  log.warn("edgar.worker_gone", { message: `the jobs of ${ids.join(", ")} are taken over` });
  await utils.forceUnlockWorkers(ids);
  return ids.length;
}

/** Whether the worker that holds the job still holds its lock. The second key is an oid: without a sign. */
function isAlive(life: postgres.Sql) {
  return life`exists (
    select
    from pg_locks as held
    where held.locktype = 'advisory'
      and held.database = (select oid from pg_database where datname = current_database())
      and held.classid = ${lockClass}
      and held.objid::bigint = hashtext(locked_by)::bigint & 4294967295
      and held.granted
  )`;
}

function tasksOf(options: WorkOptions, life: postgres.Sql): TaskList {
  const { queries, client, signal, log } = options;
  const loading = async (
    job: Job,
    abortSignal: AbortSignal,
    load: (loader: Loader, signal: AbortSignal) => Promise<unknown>,
  ): Promise<void> => {
    const both = AbortSignal.any([signal, abortSignal]);
    const loader = new Loader({ queries, signal: both, concurrency: 1 });
    await load(loader, both);
    const { summary } = loader;
    log.info("edgar.job", { message: describeSummary(summary), seconds: summary.seconds, path: job.key });
    const [failure] = summary.failures;
    if (failure === undefined) return;
    // graphile-worker keeps the message and tries again later, some times.
    throw new SqlwrightError("edgar.job_failed", failure.message, { details: { path: failure.path } });
  };
  return {
    edgar_bulk: bulkTask(options, life),
    edgar_file: async (payload: unknown, { job, abortSignal }) => {
      const { path, ledgerPath } = readFileJob(payload);
      await loading(job, abortSignal, async (loader) => {
        const files = await findSourceFiles([path]);
        await loader.loadFiles(files.map((file) => ({ ...file, path: ledgerPath })));
      });
    },
    edgar_company: async (payload: unknown, { job, abortSignal }) => {
      const { cik, ...request } = readCompanyJob(payload);
      await loading(
        job,
        abortSignal,
        (loader, signal) =>
          syncCompanies([cik], request, { client, loader, queries, signal, directory: null }),
      );
    },
  };
}

/** Jobs come from the database, where anybody with its login may have put them. */
function readFileJob(payload: unknown): { path: string; ledgerPath: string } {
  const { path, ledgerPath } = objectOf(payload);
  if (typeof path === "string" && typeof ledgerPath === "string") return { path, ledgerPath };
  throw unreadableJob();
}

function readCompanyJob(
  payload: unknown,
): { cik: number } & Pick<SyncRequest, "documents" | "maximumFilings"> {
  const { cik, documents, maximumFilings } = objectOf(payload);
  if (typeof cik !== "number" || !Number.isSafeInteger(cik) || cik < 1 || !Array.isArray(documents)) {
    throw unreadableJob();
  }
  return {
    cik,
    documents: documentKinds.filter((kind) => documents.includes(kind)),
    maximumFilings: typeof maximumFilings === "number" ? maximumFilings : 10,
  };
}

function objectOf(payload: unknown): Record<string, unknown> {
  if (typeof payload === "object" && payload !== null) return payload as Record<string, unknown>;
  throw unreadableJob();
}

function unreadableJob(): SqlwrightError {
  return new SqlwrightError(
    "edgar.job_failed",
    "Cannot run a job: its payload is not one of `edgar load --queue`",
  );
}

async function silentLogger() {
  const { Logger } = await import("graphile-worker");
  return new Logger(() => () => {});
}

function toQueueError(error: unknown): never {
  if (error instanceof SqlwrightError || (error instanceof DOMException && error.name === "AbortError")) {
    throw error;
  }
  const reason = error instanceof Error ? error.message : String(error);
  throw new SqlwrightError("edgar.job_failed", `Cannot use the queue of jobs: ${reason}`, {
    hint:
      "The login must be able to create the schema graphile_worker once; DATABASE_URL of the migrations can",
    cause: error,
  });
}
