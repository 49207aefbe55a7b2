/**
 * The load of SEC's nightly archives as a job. It is asked for in `edgar.job`, by a command or by a server
 * whose login may not see the queue; a worker puts the request into the queue, runs it, and writes down how
 * far it is. Asking again while it is open changes nothing.
 */

import type { Job, JobHelpers, WorkerUtils } from "graphile-worker";
import type postgres from "postgres";
import { errorReport, type Log } from "sqlwright";
import { SqlwrightError } from "../errors.ts";
import type { SecClient } from "../sec/client.ts";
import type { EdgarQueries } from "../load/ledger.ts";
import { Loader } from "../load/load.ts";
import type { LoadListener, LoadSummary } from "../load/load_report.ts";
import { sync } from "./sync.ts";

export interface BulkOptions {
  queries: EdgarQueries;
  client: SecClient;
  /** Where the archives come to. */
  directory: string;
  signal: AbortSignal;
  log: Log;
}

/** Of a job; a worker that died has it tried again, too. */
const maximumAttempts = 3;
/** A request that was taken is in the queue by then, and a job that runs has said something. */
const leastLost_s = 60;
/** One load of the archives at a time. In the space of single keys: workers' locks have two. */
const bulkLock = 0x4544475242;
const tellEvery_ms = 2000;
const longestFailure = 2000;

/**
 * What was asked for in `edgar.job` becomes a job of the queue, once, also where several workers look at the
 * same time.
 */
export async function takeRequests(
  { life, utils }: { life: postgres.Sql; utils: Pick<WorkerUtils, "addJob"> },
): Promise<void> {
  const taken = await life<{ name: string }[]>`
    update edgar.job
    set taken_at = now()
    where state = 'queued' and taken_at is null
    returning name`;
  for (const { name } of taken) {
    await utils.addJob(`edgar_${name}`, {}, { jobKey: name, maxAttempts: maximumAttempts });
  }
  // A worker that died in the middle wrote nothing down: its job is in the queue for the next one, or has
  // been tried often enough.
  await life`
    update edgar.job
    set
      taken_at = case when kept.key is null then null else job.taken_at end,
      state = case when kept.key is null then 'queued' else 'failed' end::edgar.job_state,
      ended_at = case when kept.key is null then null else now() end,
      failure = case when kept.key is null then job.failure else coalesce(job.failure, 'its workers died') end
    from edgar.job as open
    left join graphile_worker._private_jobs as kept on kept.key = open.name
    where job.name = open.name
      and open.state in ('queued', 'running')
      and greatest(open.taken_at, open.told_at) < now() - make_interval(secs => ${leastLost_s})
      and (kept.key is null or (kept.locked_at is null and kept.attempts >= kept.max_attempts))`;
}

/** @param life the session of the worker */
export function bulkTask(
  options: BulkOptions,
  life: postgres.Sql,
): (payload: unknown, helpers: JobHelpers) => Promise<void> {
  let isRunning = false;
  return async (_payload, { job, abortSignal }) => {
    // graphile-worker gives a job of more than four hours to a second worker; that one has nothing to do.
    if (isRunning) return;
    isRunning = true;
    try {
      const [held] = await life`select pg_try_advisory_lock(${bulkLock}) as is_held`;
      if (held?.is_held !== true) return;
      const signal = AbortSignal.any([options.signal, ...(abortSignal === undefined ? [] : [abortSignal])]);
      await runBulk(job, { ...options, signal }, life)
        .finally(() => life`select pg_advisory_unlock(${bulkLock})`.catch(() => {}));
    } finally {
      isRunning = false;
    }
  };
}

/**
 * The nightly archives, with how far it is in `edgar.job`. What a try leaves undone, the next one goes on
 * with.
 */
async function runBulk(
  job: Job,
  { queries, client, directory, log, signal }: BulkOptions,
  life: postgres.Sql,
) {
  const tell = async (state: "queued" | "running" | "done" | "failed", more: JobNews = {}) => {
    const { progress = null, files = 0, rows = 0, failure = null } = more;
    await life`
      update edgar.job
      set
        state = ${state}::edgar.job_state,
        started_at = case when ${more.isStart ?? false} then now() else started_at end,
        ended_at = case when ${state === "done" || state === "failed"} then now() end,
        told_at = now(),
        progress = ${progress},
        files = ${files},
        rows_loaded = ${rows},
        failure = ${failure}
      where name = 'bulk'`;
  };
  const news: JobNews = {};
  let told_ms = -Infinity;
  let telling = Promise.resolve();
  const listener = jobListener(news, () => {
    if (performance.now() - told_ms < tellEvery_ms) return;
    told_ms = performance.now();
    // A progress that cannot be written down must not end the load; what is gone for good ends it anyway.
    telling = telling.then(() => tell("running", news)).catch((error) =>
      log.warn("edgar.job_progress", { message: String(error) })
    );
  });
  try {
    await tell("running", { isStart: true });
    const loader = new Loader({ queries, signal, listener });
    const request = { tickers: [], ciks: [], since: null, isAll: false, documents: [], maximumFilings: 0 };
    const summary = await sync({ ...request, isBulk: true }, {
      client,
      loader,
      queries,
      signal,
      listener,
      directory,
    });
    await telling;
    const [failure] = summary.failures;
    log.info("edgar.job", { message: describeSummary(summary), seconds: summary.seconds, path: job.key });
    if (failure !== undefined) {
      throw new SqlwrightError("edgar.job_failed", failure.message, { details: { path: failure.path } });
    }
    await tell("done", { ...news, progress: describeSummary(summary) });
  } catch (error) {
    await telling;
    const isOver = !signal.aborted && job.attempts >= job.max_attempts;
    const { message } = errorReport(error);
    const failure = signal.aborted ? "its worker was stopped" : message.slice(0, longestFailure);
    // Where the database is gone, the next try says so.
    await tell(isOver ? "failed" : "queued", { ...news, progress: null, failure }).catch(() => {});
    throw error;
  }
}

interface JobNews {
  isStart?: boolean;
  progress?: string | null;
  files?: number;
  rows?: number;
  failure?: string | null;
}

/** Counts what is through, and says in words what is on its way. */
function jobListener(news: JobNews, changed: () => void): LoadListener {
  const say = (progress: string) => {
    news.progress = progress;
    changed();
  };
  const percent = (part: number | null) => part === null ? "" : ` (${Math.floor(part * 100)} %)`;
  return {
    received: (path, bytes, total) =>
      say(`${path}: ${Math.round(bytes / 1e6)} MB received${percent(total === null ? null : bytes / total)}`),
    advanced: (path, rows, fraction) => say(`${path}: ${rows} rows${percent(fraction)}`),
    finished: ({ path, rows, outcome }) => {
      news.files = (news.files ?? 0) + 1;
      news.rows = (news.rows ?? 0) + rows;
      say(`${path}: ${outcome}`);
    },
    noted: say,
  };
}

export function describeSummary({ loaded, known, missing, failed, inserted, updated }: LoadSummary): string {
  return `${loaded} loaded, ${known} known, ${missing} missing, ${failed} failed; ` +
    `${inserted} inserted, ${updated} updated`;
}
