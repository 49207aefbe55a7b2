/** Run by loader_test.ts with the server's permissions: loads a SQL directory and prints how many tools it found. */
import { loadQueries } from "../../src/query/loader.ts";

const { queries, diagnostics } = await loadQueries(Deno.args[0] ?? "", { unbuilt: new Set() });
await Deno.stdout.write(new TextEncoder().encode(`${queries.length} ${diagnostics.length}`));
