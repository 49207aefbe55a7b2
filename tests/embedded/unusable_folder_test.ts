/** A data directory that cannot be used: what it is, and what to set. */

import assert from "node:assert/strict";
import { join } from "node:path";

const isUnix = Deno.build.os !== "windows";
const isRoot = isUnix && Deno.uid() === 0;
/** PostgreSQL does not run as root, and nothing is denied to root: root's tests are those of another account. */
const nobody = 65_534;

interface Case {
  what: string;
  /** Makes the data directory in a folder that everybody may enter. */
  prepare(folder: string): Promise<void>;
  reason: RegExp;
  /** Only root can make what belongs to somebody else. */
  needsRoot?: boolean;
}

const cases: Case[] = [
  {
    what: "a folder that may not be written",
    prepare: (folder) => Deno.chmod(folder, 0o555),
    reason: /: permission denied$/,
  },
  {
    what: "a data directory of another user",
    prepare: (folder) => Deno.mkdir(join(folder, ".sqlwright"), { mode: 0o700 }),
    reason: /: permission denied; it belongs to another user, 0$/,
    needsRoot: true,
  },
  {
    what: "a file in the place of the data directory",
    prepare: (folder) => Deno.writeTextFile(join(folder, ".sqlwright"), ""),
    reason: /: it, or what it lies in, is a file$/,
  },
];

for (const { what, prepare, reason, needsRoot = false } of cases) {
  Deno.test({
    name: `${what} is named as what it is, with what to set`,
    ignore: !isUnix || needsRoot && !isRoot,
    fn: async () => {
      const folder = await Deno.makeTempDir({ prefix: "sqlwright_closed_" });
      const cache = await Deno.makeTempDir({ prefix: "sqlwright_cache_" });
      try {
        for (const each of [folder, cache]) {
          await Deno.chmod(each, each === cache ? 0o777 : 0o755);
        }
        await prepare(folder);
        const said = await hold(join(folder, ".sqlwright"), cache);
        const line = said.split("\n").find((each) => each.includes("Cannot use the data directory"));
        assert.match(line ?? said, reason);
        assert.match(said, /set SQLWRIGHT_DATA_DIR to a folder of your own/);
      } finally {
        await Deno.chmod(folder, 0o755);
        for (const each of [folder, cache]) {
          await Deno.remove(each, { recursive: true });
        }
      }
    },
  });
}

/** What a start of the embedded database says when it fails, as an account that is not root. */
async function hold(directory: string, cache: string): Promise<string> {
  const fixture = new URL("../fixtures/hold_embedded.ts", import.meta.url).pathname;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--no-check",
      "--no-config",
      "--no-lock",
      "--no-npm",
      fixture,
      directory,
    ],
    cwd: directory.slice(0, directory.lastIndexOf("/")),
    env: { NO_COLOR: "1", ...(isRoot ? { DENO_DIR: cache } : {}) },
    ...(isRoot ? { uid: nobody, gid: nobody } : {}),
    stdin: "null",
  }).output();
  assert.ok(!success);
  return new TextDecoder().decode(stderr);
}
