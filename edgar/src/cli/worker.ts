/** `edgar work`: runs queued jobs until Ctrl-C, or with `--once` until there are none. */

import { join } from "node:path";
import { type Log, queryClient, tell, type Worker } from "sqlwright";
import type { Queries } from "../queries.ts";
import type { settings } from "../settings.ts";
import { work } from "../sync/jobs.ts";
import { withClient } from "./commands_run.ts";
import { formatSpan } from "./progress.ts";

export async function runWorker(worker: Worker<typeof settings>): Promise<void> {
  const { config, application, ownerUrl, concurrency, isOnce, signal } = worker;
  await withClient(config, { noted: (text) => tell(text) }, async (client) => {
    await work({
      databaseUrl: ownerUrl,
      queries: queryClient<Queries>(application.callTool).edgar,
      client,
      directory: join(config.SQLWRIGHT_DATA_DIR, "edgar"),
      concurrency,
      isOnce,
      signal,
      log: workLog(),
    });
  });
}

function workLog(): Log {
  const write = (event: string, fields: Record<string, unknown> = {}) => {
    const { path, cik, seconds, message } = fields;
    tell(
      [event, path ?? cik, message, seconds === undefined ? undefined : formatSpan(Number(seconds))]
        .filter((part) => part !== undefined).join("  "),
    );
  };
  const log: Log = { debug: () => {}, info: write, warn: write, error: write, with: () => log };
  return log;
}
