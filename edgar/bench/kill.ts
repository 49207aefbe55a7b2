/**
 * `deno task --cwd edgar bench:kill [FOLDER]`: a load of all files of a folder in SEC's layout is killed with
 * SIGKILL at random moments, seven times in each of three rounds, and continued; its rows are held against
 * those of an unbroken load. Exits 1 on any difference.
 */

import { join } from "node:path";
import { print, withScratchDatabase } from "sqlwright";
import { loadBroken, loadUnbroken } from "../tests/killing.ts";

const project = new URL("../../", import.meta.url).pathname;
const folder = Deno.args[0] ?? join(project, "..", "shared", "edgar");
const rounds = 3;
const killsOfRound = 7;
const seed = Number(Deno.args[1] ?? Date.now() % 1_000_000);

const unbroken = await withFresh((database) => loadUnbroken({ ...database, paths: [folder] }));
print(`unbroken load of ${folder}: ${(unbroken.time_ms / 1000).toFixed(1)} s; seed ${seed}`);
let isEqual = true;
for (let round = 0; round < rounds; round++) {
  const sums = await withFresh((database) =>
    loadBroken({
      ...database,
      paths: [folder],
      kills: killsOfRound,
      seed: seed + round,
      unbroken_ms: unbroken.time_ms,
      onKill: (time_ms, files) =>
        print(`killed after ${(time_ms / 1000).toFixed(2).padStart(6)} s; ${files} files loaded so far`),
    })
  );
  const different = Object.keys(unbroken.sums).filter((table) => sums[table] !== unbroken.sums[table]);
  isEqual &&= different.length === 0;
  print(
    different.length === 0
      ? `continued: all ${Object.keys(sums).length} tables equal those of the unbroken load`
      : `continued: DIFFERENT in ${different.join(", ")}`,
  );
}
Deno.exitCode = isEqual ? 0 : 1;

/** An embedded server with the migrations and no rows. */
async function withFresh<T>(use: (database: { url: string; serverUrl: string }) => Promise<T>): Promise<T> {
  return await withScratchDatabase(
    join(project, "edgar"),
    ({ url, ownerUrl }) => use({ url: ownerUrl, serverUrl: url }),
    { hasSample: false },
  );
}
