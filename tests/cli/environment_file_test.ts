/** A password in the project's .env that others can read is told. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { findExposure } from "../../src/cli/server/environment_file.ts";
import { readConfig } from "../../src/config.ts";
import { findProject } from "../../src/project.ts";
import { withFiles } from "../harness.ts";
import { run } from "./command.ts";
import { testWith } from "../services.ts";

const files = {
  "sqlwright.json": '{"sqlwright": "0.1.0", "name": "shop"}',
  ".env": "DATABASE_URL=postgresql://me:secret@localhost/shop\n",
};

async function exposureIn(directory: string): Promise<string | null> {
  const project = findProject({ project: directory });
  const exposure = await findExposure(readConfig({}, { project, base: directory }));
  assert.ok(!JSON.stringify(exposure).includes("secret"));
  return exposure === null ? null : `${exposure.found}: ${exposure.hint}`;
}

Deno.test("doctor says where host and password come from, and shows no password", async () => {
  await withFiles({ ...files, ".env": "PGHOST=127.0.0.1\nPGPORT=1\n" }, async (directory) => {
    const { stdout } = await run(["doctor"], {
      databaseUrl: "postgresql:///shop",
      project: directory,
      env: { PGPASSWORD: "secret", PGUSER: "me" },
    });
    assert.match(stdout, /PGHOST=127\.0\.0\.1 from \.env\n/);
    assert.match(stdout, /PGPASSWORD=\*\*\* from environment\n/);
    assert.doesNotMatch(stdout, /secret/);
  });
});

testWith("git", "a .env with a password is told where git tracks it or others may read it", async (git) => {
  await withFiles(files, async (directory) => {
    const path = join(directory, ".env");
    await Deno.chmod(path, 0o600);
    assert.equal(await exposureIn(directory), null);
    await Deno.chmod(path, 0o644);
    assert.match(
      await exposureIn(directory) ?? "",
      /holds a password, and others .* mode 644: chmod 600 \.env$/,
    );
    await Deno.chmod(path, 0o600);
    for (const args of [["init", "--quiet"], ["add", ".env"]]) {
      assert.ok((await new Deno.Command(git, { args, cwd: directory }).output()).success);
    }
    assert.match(await exposureIn(directory) ?? "", /git tracks it: git rm --cached \.env/);
    await Deno.writeTextFile(path, "DATABASE_URL=postgresql://me@localhost/shop\n");
    assert.equal(await exposureIn(directory), null, "there is no password to see");
  });
});
