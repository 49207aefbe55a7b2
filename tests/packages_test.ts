/** A first start: what is fetched, what a person sees of it, and what happens before. Packages come from the npm registry. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { project } from "./harness.ts";

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the command line as tasks and the package do, with a cache of Deno of the test's own. */
async function launch(
  cache: string,
  args: readonly string[],
  { cwd = project, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-all", "--cached-only", "--config", join(project, "deno.json")],
      join(project, "launch.ts"),
      ...args,
    ],
    cwd,
    env: { DENO_DIR: cache, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...env },
    stdin: "null",
    signal: AbortSignal.timeout(300_000),
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function withCache(use: (cache: string) => Promise<void>): Promise<void> {
  const cache = await Deno.makeTempDir({ prefix: "sqlwright_cache_" });
  try {
    await use(cache);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

Deno.test("a first start fetches the product's packages with one line of progress, and the next one nothing", () =>
  withCache(async (cache) => {
    const { npm } = JSON.parse(await Deno.readTextFile(join(project, "deno.lock")));
    const count = Object.keys(npm).length;
    const first = await launch(cache, ["--version"]);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /^\d+\.\d+\.\d+\n$/);
    const lines = first.stderr.trimEnd().split("\n");
    const progress = new RegExp(`^Fetching ${count} packages … \\d+ of ${count}, \\d+\\.\\d MB$`);
    for (const line of lines.slice(0, -1)) assert.match(line, progress);
    assert.match(
      lines.at(-1)!,
      new RegExp(`^Fetched ${count} packages, [1-9]\\d*\\.\\d MB on disk, in \\d+\\.\\d s$`),
    );
    assert.deepEqual(await launch(cache, ["--version"]), { code: 0, stdout: first.stdout, stderr: "" });
  }));

Deno.test("the exit code and the error of a command that had to fetch first are its own", () =>
  withCache(async (cache) => {
    const { code, stdout, stderr } = await launch(cache, ["--no-such-option"]);
    assert.equal(code, 2, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, /^Fetched \d+ packages.*\nerror\[usage\] /m);
  }));

Deno.test("without a registry the error says what to check, and nothing is half made", () =>
  withCache(async (cache) => {
    const { code, stdout, stderr } = await launch(cache, ["--version"], {
      env: { NPM_CONFIG_REGISTRY: "http://127.0.0.1:1/" },
    });
    assert.equal(code, 1, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, /^error\[packages\.unavailable\] Cannot fetch the packages of ".*deno\.json": /m);
    assert.match(stderr, /help: Check the network, HTTPS_PROXY and the registry in \.npmrc/);
    assert.equal((await launch(cache, ["--version"])).code, 0, "the next start goes on");
  }));

Deno.test("without a project, or with a wrong setting, nothing is fetched", () =>
  withCache(async (cache) => {
    const cwd = await Deno.makeTempDir({ prefix: "sqlwright_none_" });
    try {
      const missing = await launch(cache, ["start", "--http", "127.0.0.1:1"], { cwd });
      assert.equal(missing.code, 1);
      assert.match(missing.stderr, /^error\[project\.missing\] /);
      const wrong = await launch(cache, ["list", "--sql", cwd], { cwd, env: { SQLWRIGHT_HTTP: "nowhere" } });
      assert.equal(wrong.code, 1);
      assert.match(wrong.stderr, /^error\[config\.invalid\] /);
      // Deno keeps packages in a folder for each registry.
      const registries = await Array.fromAsync(Deno.readDir(join(cache, "npm"))).catch(() => []);
      assert.deepEqual(registries.filter(({ isDirectory }) => isDirectory), []);
      assert.deepEqual(await Array.fromAsync(Deno.readDir(cwd)), []);
    } finally {
      await Deno.remove(cwd, { recursive: true });
    }
  }));
