/**
 * What the TypeScript of EDGAR adds to its query files: the loader of SEC's files, as commands, as a worker
 * and as tools.
 */

import { defineExtension } from "sqlwright";
import { errorCodes } from "./src/errors.ts";
import { settings } from "./src/settings.ts";

export default defineExtension({
  description: "Load SEC EDGAR: from files, from SEC, and what is loaded.",
  settings,
  errorCodes,
  // Without a name to ask under SEC is not asked, and a server needs neither its addresses nor the loader's
  // packages.
  hosts: (config) =>
    config.EDGAR_USER_AGENT === undefined ? [] : [config.EDGAR_WWW_URL, config.EDGAR_DATA_URL],
  // Documents become text in a worker, and a worker reads its own module.
  readPaths: () => ["src"],
  usesPackages: ({ EDGAR_USER_AGENT }) => EDGAR_USER_AGENT !== undefined,
  programTools: async (config) => {
    if (config.EDGAR_USER_AGENT === undefined) return [];
    const { edgarTools } = await later<typeof import("./src/tools.ts")>("./src/tools.ts");
    return [edgarTools(config)];
  },
  commands: async (commands) => {
    const { addEdgarCommands } = await later<typeof import("./src/cli/commands.ts")>("./src/cli/commands.ts");
    addEdgarCommands(commands);
  },
  workers: {
    work: {
      description: `Run the queued jobs of \`load --queue\` and \`sync --queue\`, until Ctrl-C.

As many workers as you like may run, on several machines: each job runs once, and the job of a
worker that died is taken over. They share SEC's rate through REDIS_URL.`,
      maximumConcurrency: 8,
      requireSettings: async ({ EDGAR_USER_AGENT }) => {
        const { requireUserAgent } = await later<typeof import("./src/sec/limiter.ts")>(
          "./src/sec/limiter.ts",
        );
        requireUserAgent(EDGAR_USER_AGENT);
      },
      run: async (worker) => {
        const { runWorker } = await later<typeof import("./src/cli/worker.ts")>("./src/cli/worker.ts");
        await runWorker(worker);
      },
    },
  },
  sample: {
    table: "edgar.company",
    directory: "data",
    loads: [
      { tool: "edgar_load_companies", source: "company.csv", what: "companies" },
      { tool: "edgar_load_filings", source: "filing.csv", what: "filings" },
      { tool: "edgar_load_facts", source: "fact.csv", what: "facts" },
    ],
  },
});

/**
 * Not as a literal: Deno reads all that a file can import before it runs its first line, and every server of
 * the project loads this one.
 */
async function later<Module>(path: string): Promise<Module> {
  return await import(new URL(path, import.meta.url).href) as Module;
}
