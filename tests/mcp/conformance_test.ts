/**
 * The official conformance suites as subprocesses: whole against the fixture server, and the scenarios that need no fixtures
 * against an ordinary catalogue. What may fail is in tests/conformance, one reason a line; what is there and passes fails too.
 */
import assert from "node:assert/strict";
import { serveHttp } from "../../src/mcp/http/server.ts";
import { echoApplication, memoryLog } from "./echo_application.ts";

const suite = {
  stable: "npm:@modelcontextprotocol/conformance@0.1.16",
  next: "npm:@modelcontextprotocol/conformance@0.2.0-alpha.12",
};

Deno.test("conformance 0.1.16, suite all: 44 of 44", async () => {
  await withFixtures(async (url) => {
    const run = await runSuite(suite.stable, url, ["--suite", "all"]);
    assert.deepEqual([run.code, run.total], [0, "44 passed, 0 failed"], run.output);
  });
});

Deno.test("conformance 0.2, requirements of 2025-11-25: 84 of 84", async () => {
  await withFixtures(async (url) => {
    const run = await runSuite(suite.next, url, ["--requirements", "2025-11-25", "--timeout", "5000"]);
    assert.deepEqual([run.code, run.total, run.failed], [0, "84 passed, 0 failed", []], run.output);
  });
});

Deno.test("conformance 0.2, requirements of 2026-07-28: all but the tasks extension", async () => {
  await withFixtures(async (url) => {
    const run = await runSuite(suite.next, url, ["--requirements", "2026-07-28", "--timeout", "5000"]);
    const expected = await Deno.readTextFile("tests/conformance/2026-07-28.yml");
    const names = [...expected.matchAll(/^ {2}- (\S+) # \S/gm)].map(([, name]) => name);
    assert.deepEqual(run.failed.sort(), names.sort(), run.output);
    assert.equal(run.code, 0, "every scored scenario passes");
  });
});

Deno.test("conformance 0.2, scenarios without fixtures, against an ordinary catalogue", async (context) => {
  const server = await serveHttp(echoApplication(), { hostname: "127.0.0.1", port: 0, log: memoryLog().log });
  const url = `http://127.0.0.1:${server.port}/mcp`;
  const scenarios = {
    "2025-11-25": ["server-initialize", "ping", "tools-list", "resources-list", "server-session-lifecycle"],
    "2026-07-28": [
      "server-stateless",
      "tools-list",
      "resources-list",
      "sep-2164-resource-not-found",
      "dns-rebinding-protection",
      "http-header-validation",
      "caching",
    ],
  };
  for (const [version, names] of Object.entries(scenarios)) {
    for (const name of names) {
      await context.step(`${name}, ${version}`, async () => {
        const { code, output } = await runSuite(suite.next, url, [
          ...["--scenario", name, "--spec-version", version, "--timeout", "5000"],
          ...["--expected-failures", `${Deno.cwd()}/tests/conformance/product.yml`],
        ]);
        assert.equal(code, 0, output);
      });
    }
  }
  await server.stop();
});

interface SuiteRun {
  code: number;
  output: string;
  /** The last line of the summary. */
  total: string;
  /** Names of the scenarios that failed. */
  failed: string[];
}

async function runSuite(name: string, url: string, args: string[]): Promise<SuiteRun> {
  const folder = await Deno.makeTempDir();
  try {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      // The suites are no dependency of the project: they stay out of its lock.
      args: ["run", "--quiet", "-A", "--no-config", "--no-lock", name, "server", "--url", url, ...args],
      cwd: folder,
      signal: AbortSignal.timeout(120_000),
    }).output();
    const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    const failed = [...output.matchAll(/^✗ (\S+): /gm)].map(([, scenario]) => scenario!);
    return { code, output, failed, total: /^Total: (.*)$/m.exec(output)?.[1] ?? "" };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function withFixtures(run: (url: string) => Promise<void>): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", "--cached-only", "tests/fixtures/conformance_server.ts", "--port", "0"],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    const { value } = await reader.read();
    await run(value?.trim() ?? assert.fail("the fixture server did not start"));
  } finally {
    child.kill("SIGTERM");
    await reader.cancel();
    await child.status;
  }
}
