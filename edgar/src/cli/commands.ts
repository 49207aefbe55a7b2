/** The words of `edgar` and its help; the work is in `commands_run.ts`, loaded when it is asked for. */

import type { ExtensionCommands } from "sqlwright";
import type { settings } from "../settings.ts";

export function addEdgarCommands({ add, finish, readSettings }: ExtensionCommands<typeof settings>): void {
  add("load", loadDescription, "load mirror/api/xbrl/companyfacts", "load mirror --json")
    .argument("<path...>", "files, or folders in SEC's layout")
    .option("--bulk", "for many companies at once: facts come without their key, which is built at the end")
    .option("--queue", "queue a job for each file; `edgar work` runs them")
    .option("--json", "print one JSON object")
    .action(async (paths, options) => {
      const { runEdgarLoad } = await import("./commands_run.ts");
      finish(await runEdgarLoad(paths, readSettings(options), options));
    });

  add(
    "sync",
    syncDescription,
    "sync --ticker AAPL,MSFT",
    "sync --cik 320193 --ownership --filings 50",
    "sync --since 2026-10-01",
    "sync --bulk",
  )
    .option("--ticker <symbols...>", "companies by ticker, parted by commas")
    .option("--cik <numbers...>", "companies by SEC's number")
    .option("--since <day>", "what the daily indexes list from this day on, of companies that are loaded")
    .option("--all", "with --since: of all companies")
    .option("--bulk", "all companies, from SEC's nightly archives (several GB)")
    .option("--ownership", "also the newest forms 3, 4 and 5 of each company")
    .option("--holdings", "also the information tables of the newest 13F filings")
    .option("--documents", "also the text of the newest annual and quarterly reports")
    .option("--filings <count>", "filings of each kind and company to take documents of (default: 10)")
    .option("--queue", "queue a job for each company; `edgar work` runs them")
    .option("--json", "print one JSON object")
    .action(async (options) => {
      const { runEdgarSync } = await import("./commands_run.ts");
      finish(await runEdgarSync(readSettings(options), options));
    });

  add("status", statusDescription, "status", "status --json")
    .option("--json", "print one JSON object")
    .action(async (options) => {
      const { runEdgarStatus } = await import("./commands_run.ts");
      finish(await runEdgarStatus(readSettings(options), options));
    });
}

const loadDescription = `Load files of SEC: tickers, submissions, company facts, indexes, data sets, filings.

Folders are searched for files in SEC's layout, such as api/xbrl/companyfacts/CIK0000320193.json,
wherever that begins; other files are left alone. Nothing is asked of SEC.`;

const syncDescription = `Bring companies up to date from SEC.

Only what has changed is sent and loaded. At most ten requests a second are made, over all processes
that share REDIS_URL. EDGAR_USER_AGENT must name you and a contact, because SEC asks for it.`;

const statusDescription = `Show what is loaded, how fresh it is, and what failed.`;
