/** A process that loads paths into the database of DATABASE_URL, and may be killed at any moment. Says how far it is, a line a file. */

import { createLog, print, queryClient, readConfig, withApplication } from "sqlwright";
import { loadPaths } from "../src/load/load.ts";
import type { Queries } from "../src/queries.ts";

const config = readConfig(Deno.env.toObject());
const log = createLog({ level: "error" });
const summary = await withApplication(config, { log }, async (application) => {
  const queries = queryClient<Queries>(application.callTool).edgar;
  print("ready");
  return await loadPaths(Deno.args, { queries, signal: new AbortController().signal });
});
print(JSON.stringify(summary));
Deno.exit(summary.failed > 0 ? 1 : 0);
