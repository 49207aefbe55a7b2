/** First starts at once in one folder: they share one cluster, one of them prepares it, and all of them work. */

import assert from "node:assert/strict";
import {
  makeDataDirectory,
  processesOf,
  removeBinaries,
  removeDataDirectory,
  until,
} from "../fixtures/embedded_cluster.ts";
import { project } from "../harness.ts";

Deno.test("four first starts at once in one folder all work, and the sample is loaded once", async () => {
  const data = await makeDataDirectory();
  try {
    const outputs = await Promise.all([1, 2, 3, 4].map(() => callTool(data)));
    for (const { code, stderr } of outputs) assert.equal(code, 0, stderr);
    for (const { stdout } of outputs) assert.equal(JSON.parse(stdout).rows[0].name, "Apple Inc.");
    const said = outputs.map(({ stderr }) => stderr).join("\n");
    for (
      const once of [/Making a database cluster/g, /Applied \d+ migrations/g, /Loaded the bundled sample/g]
    ) {
      assert.equal(said.match(once)?.length, 1, said);
    }
    await until(async () => (await processesOf(data)).length === 0, "no process left");
  } finally {
    await removeDataDirectory(data);
    await removeBinaries();
  }
});

async function callTool(data: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const output = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--cached-only",
      "main.ts",
      "call",
      "--project",
      "edgar",
      "edgar_find_company",
      "--q",
      "AAPL",
      "--json",
    ],
    cwd: project,
    env: { SQLWRIGHT_DATA_DIR: data, DATABASE_URL: "", NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const [stdout, stderr] = [output.stdout, output.stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code: output.code, stdout: stdout!, stderr: stderr! };
}
