/** The committed lock is that of the shipped files over the shipped migrations, whichever server they are on. */
import assert from "node:assert/strict";
import { run } from "../../tests/cli/command.ts";
import { testOnEach, withDatabase } from "../../tests/harness.ts";

testOnEach(
  "sql/lock.json is what `check --lock` would write, and every shipped file passes check",
  (server) =>
    withDatabase(async ({ serverUrl }) => {
      const { code, stdout, stderr } = await run(["check"], { databaseUrl: serverUrl, project: "edgar" });
      assert.equal(code, 0, stdout + stderr);
      assert.doesNotMatch(stdout, /lock-stale|error\[/);
    }, { server }),
);
