/**
 * `deno task bench:edgar [FOLDER]`: all files of a folder in SEC's layout into a fresh embedded database, then the same again. Prints seconds, rates,
 * rows of each table and the peak memory of the loading process; exits 1 when the second run changes anything.
 */

import { join } from "node:path";
import { withApplication } from "../../src/app.ts";
import { print, tell as complain } from "../../src/cli/console/console.ts";
import { formatSummary } from "../src/cli/commands_run.ts";
import { prepareDatabase } from "../../src/cli/server/prepare.ts";
import { queryClient } from "../../src/client/queries.ts";
import { readConfig } from "../../src/config.ts";
import { loadPaths } from "../src/load/load.ts";
import type { LoadSummary } from "../src/load/load_report.ts";
import type { Queries } from "../src/queries.ts";
import { createLog } from "../../src/log.ts";
import { withEmbedded } from "../../src/embedded/embedded.ts";

/** The tables of the schema edgar that hold rows of SEC's files, with their rows. */
const countTables = `
  select
    relation.relname as name,
    (xpath('/row/count/text()', query_to_xml(format('select count(*) from edgar.%I', relation.relname), false, true, '')))[1]::text as rows
  from pg_class as relation
  where relation.relnamespace = 'edgar'::regnamespace
    and relation.relkind in ('r', 'p')
    and not relation.relispartition
  order by relation.relname`;
const project = new URL("../../", import.meta.url).pathname;
const folder = Deno.args[0] ?? join(project, "..", "shared", "edgar");
const home = await Deno.makeTempDir({ prefix: "sqlwright_bench_" });
if (Deno.build.os !== "windows") await Deno.chmod(home, 0o755);
try {
  const unchanged = await withEmbedded(
    { directory: join(home, ".sqlwright"), log: () => {} },
    async (server) => {
      const config = readConfig({ DATABASE_URL: server.url, SQLWRIGHT_SQL_DIR: join(project, "sql") });
      await prepareDatabase({ config, ownerUrl: server.ownerUrl, serverUrl: server.url, isEmbedded: true });
      const log = createLog({ level: "error" });
      return await withApplication(config, { log }, async (application) => {
        const queries = queryClient<Queries>(application.callTool).edgar;
        const load = () =>
          loadPaths([folder], {
            queries,
            signal: new AbortController().signal,
            concurrency: Number(Deno.env.get("SQLWRIGHT_TEST_LANES") ?? 3),
          });
        const peak = watchMemory();
        const first = await load();
        tell(`First run of ${folder}, ${first.files} files`, first);
        print(`peak memory of the loading process: ${peak.stop()} MB\n`);
        const rows = await application.pools.reader.withConnection(
          undefined,
          (connection) => connection.rows(countTables),
        );
        for (const { name, rows: count } of rows) {
          print(`${String(name).padEnd(28)} ${Number(count).toLocaleString("en-US").padStart(12)}`);
        }
        const second = await load();
        tell("\nSecond run", second);
        return second.changes === 0 && second.known === first.loaded;
      });
    },
  );
  if (!unchanged) {
    complain("The second run was to change nothing");
    Deno.exitCode = 1;
  }
} finally {
  await Deno.remove(home, { recursive: true });
}

function tell(title: string, summary: LoadSummary): void {
  print(title);
  print(formatSummary(summary));
  for (const failure of summary.failures) print(`failed: ${failure.path}: ${failure.message}`);
}

/** The most resident memory, in MB, looked at ten times a second. */
function watchMemory(): { stop(): number } {
  let most = 0;
  const look = () => most = Math.max(most, Deno.memoryUsage().rss);
  const timer = setInterval(look, 100);
  return {
    stop: () => {
      look();
      clearInterval(timer);
      return Math.round(most / 2 ** 20);
    },
  };
}
