/**
 * `deno task --cwd edgar bench:load [FOLDER]`: all files of a folder in SEC's layout into a fresh embedded
 * database, then the same again. Prints seconds, rates, rows of each table and the peak memory of the loading
 * process; exits 1 when the second run changes anything.
 */

import { join } from "node:path";
import { createLog, print, queryClient, tell, withApplication, withScratchDatabase } from "sqlwright";
import { formatSummary } from "../src/cli/commands_run.ts";
import { loadPaths } from "../src/load/load.ts";
import type { LoadSummary } from "../src/load/load_report.ts";
import type { Queries } from "../src/queries.ts";

/** The tables of the schema edgar that hold rows of SEC's files, with their rows. */
const countTables = `
  select
    relation.relname as name,
    (xpath(
      '/row/count/text()',
      query_to_xml(format('select count(*) from edgar.%I', relation.relname), false, true, '')
    ))[1]::text as rows
  from pg_class as relation
  where relation.relnamespace = 'edgar'::regnamespace
    and relation.relkind in ('r', 'p')
    and not relation.relispartition
  order by relation.relname`;
const project = new URL("../../", import.meta.url).pathname;
const folder = Deno.args[0] ?? join(project, "..", "shared", "edgar");
const isUnchanged = await withScratchDatabase(join(project, "edgar"), async ({ config }) => {
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
    await show(`First run of ${folder}, ${first.files} files`, first);
    print(`peak memory of the loading process: ${peak.stop()} MB\n`);
    const rows = await application.pools.reader.withConnection(
      undefined,
      (connection) => connection.rows(countTables),
    );
    for (const { name, rows: count } of rows) {
      print(`${String(name).padEnd(28)} ${Number(count).toLocaleString("en-US").padStart(12)}`);
    }
    const second = await load();
    await show("\nSecond run", second);
    return second.changes === 0 && second.known === first.loaded;
  });
});
if (!isUnchanged) {
  tell("The second run was to change nothing");
  Deno.exitCode = 1;
}

async function show(title: string, summary: LoadSummary): Promise<void> {
  print(title);
  print(await formatSummary(summary));
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
