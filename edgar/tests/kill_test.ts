/** A load that is killed is continued by the next one, and comes to what an unbroken load comes to. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { loadBroken, loadUnbroken } from "./killing.ts";
import { withEmptyEdgar } from "./loading.ts";
import { smallPayloads } from "./sec_server.ts";

const paths = ["files", "submissions", "api", "Archives"].map((part) => join(smallPayloads, part));

Deno.test("a load that is killed three times and continued comes to the same rows as an unbroken one", async () => {
  const unbroken = await withEmptyEdgar((database) => loadUnbroken({ ...database, paths }));
  const sums = await withEmptyEdgar((database) =>
    loadBroken({ ...database, paths, kills: 3, seed: 20261122, unbroken_ms: unbroken.time_ms })
  );
  assert.deepEqual(sums, unbroken.sums);
});
