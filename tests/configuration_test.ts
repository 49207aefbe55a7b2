/** The three configurations with their locks, the workflow of CI, and what plain `deno test` takes for a test. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { parse } from "yaml";
import { project } from "./harness.ts";

interface Configuration {
  imports: Record<string, string>;
  compilerOptions: Record<string, unknown>;
  unstable: string[];
  nodeModulesDir: string;
}

/** Packages that a server wants at most: what a first start fetches. */
const maximumPackages = 45;

const read = (path: string): Promise<string> => Deno.readTextFile(join(project, path));
const readConfiguration = async (folder: string): Promise<Configuration> =>
  JSON.parse(await read(join(folder, "deno.json")));
const packagesOf = async (folder: string): Promise<string[]> =>
  Object.keys(JSON.parse(await read(join(folder, "deno.lock"))).npm);

Deno.test("the product's lock holds no more packages than a first start should fetch", async () => {
  const packages = await packagesOf(".");
  assert.ok(packages.length <= maximumPackages, `${packages.length} packages`);
});

Deno.test("tests/deno.json has every import of the product and of EDGAR, in the same version", async () => {
  const [product, edgar, tests] = await Promise.all([".", "edgar", "tests"].map(readConfiguration));
  for (const [name, configuration] of [["the product", product], ["EDGAR", edgar]] as const) {
    for (const [specifier, target] of Object.entries(configuration!.imports)) {
      if (target.startsWith("npm:")) {
        assert.equal(tests!.imports[specifier], target, `${specifier} of ${name}`);
      }
    }
    for (const key of ["compilerOptions", "unstable", "nodeModulesDir"] as const) {
      assert.deepEqual(configuration![key], tests![key], `${key} of ${name}`);
    }
  }
});

Deno.test("a package has the same version in each lock, down to what packages bring", async () => {
  const [product, edgar, tests] = await Promise.all([".", "edgar", "tests"].map(packagesOf));
  const missing = [...product!, ...edgar!].filter((name) => !tests!.includes(name));
  assert.deepEqual(missing, []);
  assert.deepEqual(product!.filter((name) => !edgar!.includes(name)), []);
});

Deno.test("src imports no package that the product's deno.json lacks, and edgar none that EDGAR's lacks", async () => {
  for (const folder of [".", "edgar"]) {
    const { imports } = await readConfiguration(folder);
    const roots = folder === "." ? ["src", "main.ts", "launch.ts", "mod.ts"] : ["edgar/src", "edgar/tests"];
    for (const root of roots) {
      for await (const path of typeScriptBelow(join(project, root))) {
        for (const specifier of packagesNamedIn(await Deno.readTextFile(path))) {
          const isMapped = Object.keys(imports).some((key) =>
            key === specifier || key.endsWith("/") && specifier.startsWith(key)
          );
          assert.ok(isMapped, `${path} imports ${specifier}`);
        }
      }
    }
  }
});

Deno.test("plain deno test finds tests in the folders of tests alone", async () => {
  const wrong: string[] = [];
  for (const folder of ["src", "bench", "bin", "edgar/src", "edgar/bench"]) {
    for await (const path of typeScriptBelow(join(project, folder))) {
      if (/(^|[/._])test\.[cm]?[jt]sx?$/.test(path)) wrong.push(path);
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("the workflow runs .ci/run and the audit, with pinned actions and no right but to read", async () => {
  interface Job {
    "timeout-minutes": number;
    permissions?: unknown;
    steps: { uses?: string; with?: Record<string, unknown>; run?: string }[];
  }
  const text = await read(".github/workflows/ci.yml");
  const { permissions, jobs } = parse(text) as { permissions: unknown; jobs: Record<string, Job> };
  assert.deepEqual(permissions, { contents: "read" });
  const steps = Object.values(jobs).flatMap((job) => job.steps);
  for (const job of Object.values(jobs)) {
    assert.ok(job["timeout-minutes"] <= 60);
    assert.equal(job.permissions, undefined);
  }
  for (const { uses, with: options } of steps) {
    if (uses === undefined) continue;
    assert.match(uses, /^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
    assert.equal(options?.["persist-credentials"], false);
  }
  const commands = steps.flatMap(({ run }) => run ?? []);
  const version = /^deno_version=(\S+)$/m.exec(await read(".ci/run"))?.[1];
  assert.deepEqual(commands, [".ci/run", `npx --yes deno@${version} task --quiet audit`]);
});

Deno.test("the audit fails for a finding, and says what it could not ask", async () => {
  const advisory = {
    id: 1,
    url: "https://github.com/advisories/GHSA-0000-0000-0000",
    title: "A fault for the test",
    severity: "high",
    vulnerable_versions: "<99",
  };
  const asked: string[][] = [];
  await using registry = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      if (!request.url.endsWith("/-/npm/v1/security/advisories/bulk")) {
        return new Response(null, {
          status: 404,
        });
      }
      asked.push(Object.keys(await request.json()));
      return Response.json({ jose: [advisory] });
    },
  );
  const found = await audit(`http://127.0.0.1:${registry.addr.port}/`);
  assert.equal(found.code, 1, found.stdout);
  assert.match(found.stdout, /^deno\.lock:\n[^]*A fault for the test[^]*Found 1 vulnerabilit/);
  assert.deepEqual(asked.map((names) => names.includes("jose")), [true, true, true]);
  assert.deepEqual(asked.map((names) => names.includes("graphile-worker")), [false, true, true]);

  const none = await audit("http://127.0.0.1:1/");
  assert.equal(none.code, 0, none.stdout);
  for (const lock of ["deno.lock", "edgar/deno.lock", "tests/deno.lock"]) {
    assert.match(none.stdout, new RegExp(`^${lock} is NOT audited: .*127\\.0\\.0\\.1:1`, "m"));
  }
});

async function audit(registry: string): Promise<{ code: number; stdout: string }> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--cached-only", "tests/audit.ts"],
    cwd: project,
    env: { NPM_CONFIG_REGISTRY: registry, NO_COLOR: "1" },
    stderr: "inherit",
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout) };
}

async function* typeScriptBelow(path: string): AsyncGenerator<string> {
  if ((await Deno.stat(path)).isFile) return yield path;
  for await (const { name } of Deno.readDir(path)) {
    const child = join(path, name);
    if ((await Deno.stat(child)).isDirectory) yield* typeScriptBelow(child);
    else if (name.endsWith(".ts")) yield child;
  }
}

/** Bare specifiers of `import` and `export … from`, static and dynamic, without those of Node and of the product itself. */
function packagesNamedIn(text: string): string[] {
  const imports =
    /^(?:import|export)\b[^"'`;]*?\bfrom\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\(\s*"([^"]+)"/gm;
  return [...text.matchAll(imports)]
    .map(([, fromName, sideEffect, dynamic]) => (fromName ?? sideEffect ?? dynamic)!)
    .filter((name) => !/^(\.|node:|\$\{)/.test(name) && name !== "sqlwright");
}
