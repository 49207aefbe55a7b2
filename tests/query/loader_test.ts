import assert from "node:assert/strict";
import { SqlwrightError } from "../../src/errors.ts";
import { loadQueries } from "../../src/query/loader.ts";
import { unbuiltTags } from "../../src/query/header/tags.ts";

const fixtures = new URL("../fixtures/query/", import.meta.url).pathname;
const good = (name: string) => `-- name: ${name} :one\n-- Says what it does.\n\nselect 1 as a;\n`;

async function withDirectory(
  files: Record<string, string>,
  run: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(`${directory}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${directory}/${path}`, text);
    }
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("loadQueries() loads every kind of the grammar's own examples and the benchmark's files", async () => {
  const loaded = await loadQueries(fixtures, { unbuilt: new Set() });
  assert.deepEqual(loaded.diagnostics, []);
  assert.deepEqual(loaded.queries.map(({ tool, kind }) => `${tool} :${kind}`), [
    "bench_get_filing :one",
    "bench_list_filings :many",
    "bench_load_rows :copy",
    "bench_set_sizes :unnest",
    "bench_slow :value",
    "edgar_company_list :view",
    "edgar_company_report :report",
    "edgar_filing_feed :many",
    "edgar_find_company :many",
    "edgar_forget_filing :exec",
    "edgar_load_filings :copy",
    "edgar_set_filing_status :unnest",
  ]);
  assert.deepEqual(loaded.modules.map(({ name, title }) => [name, title]), [["bench", "Benchmark"], [
    "edgar",
    "EDGAR",
  ]]);
  assert.equal(loaded.modules[1]?.instructions, "Companies and filings of the SEC. Begin with find_company.");
  assert.ok(loaded.sources.has("edgar/_module.sql"));
  const slow = loaded.queries.find(({ name }) => name === "slow");
  assert.equal(slow?.header.timeout_ms, 35_000);
  const report = loaded.queries.find(({ name }) => name === "company_report");
  assert.deepEqual([report?.header.role, report?.header.timeout_ms], ["edgar_reader", 5000]);
});

Deno.test("loadQueries() refuses only the unbuilt tags of the grammar's examples", async () => {
  const { diagnostics } = await loadQueries(fixtures);
  const expected = ["complete", "confirm"].filter((tag) => unbuiltTags.has(tag)).map((tag) =>
    `@${tag} is not built yet`
  );
  assert.deepEqual(diagnostics.map(({ message }) => message), expected);
});

Deno.test("loadQueries() ignores what is set aside and what is not its own", async () => {
  await withDirectory({
    "README.md": "x",
    "lock.json": "{}",
    "_draft.sql": "x",
    "_drafts/a.sql": "x",
    ".git/a.sql": "x",
    "m/_draft.sql": "x",
    "m/_old/a.sql": "x",
    "m/.hidden.sql": "x",
    "m/a.sql~": "x",
    "m/README.md": "x",
    "m/a.sql": good("a"),
    "empty/README.md": "x",
  }, async (directory) => {
    const loaded = await loadQueries(directory);
    assert.deepEqual(loaded.diagnostics, []);
    assert.deepEqual(loaded.queries.map(({ path }) => path), ["m/a.sql"]);
    assert.deepEqual(loaded.modules.map(({ name }) => name), ["m"]);
  });
});

Deno.test("loadQueries() says where misplaced files belong", async () => {
  await withDirectory(
    { "top.sql": good("top"), "m/deep/er/a.sql": good("a"), "m/a.txt": "x" },
    async (directory) => {
      const { diagnostics, queries } = await loadQueries(directory);
      assert.deepEqual(queries, []);
      assert.deepEqual(diagnostics.map(({ code, path, hint }) => [code, path, hint]), [
        ["layout", "m/a.txt", "Rename it, begin its name with _, or move it out of the SQL directory"],
        ["layout", "m/deep/er/a.sql", 'Move it to m/a.sql, or make "m_deep_er" a module of its own'],
        ["layout", "top.sql", "Move it to <module>/top.sql"],
      ]);
    },
  );
});

Deno.test("loadQueries() follows links inside of the directory and none that lead out", async () => {
  await withDirectory({
    "sql/.data/a.sql": good("a"),
    "sql/m/b.sql": good("b"),
    "outside/secret.sql": good("secret"),
  }, async (directory) => {
    const sql = `${directory}/sql`;
    await Deno.symlink("../.data/a.sql", `${sql}/m/a.sql`);
    await Deno.symlink(`${directory}/outside/secret.sql`, `${sql}/m/secret.sql`);
    await Deno.symlink(`${directory}/outside`, `${sql}/out`);
    await Deno.symlink("nowhere.sql", `${sql}/m/dangling.sql`);
    await Deno.symlink("..", `${sql}/m/loop`);
    const { diagnostics, queries, sources } = await loadQueries(sql);
    assert.deepEqual(queries.map(({ tool }) => tool), ["m_a", "m_b"]);
    assert.deepEqual(diagnostics.map(({ code, path }) => `${code} ${path}`), [
      "layout m/dangling.sql",
      "layout m/loop",
      "layout m/secret.sql",
      "layout out",
    ]);
    assert.deepEqual([...sources.keys()].sort(), ["m/a.sql", "m/b.sql"]);
  });
});

Deno.test("loadQueries() refuses a file above a mebibyte without reading it", async () => {
  await withDirectory(
    { "m/big.sql": "-- ".padEnd(1024 * 1024 + 1, "x"), "m/a.sql": good("a") },
    async (directory) => {
      const { diagnostics, queries } = await loadQueries(directory);
      assert.deepEqual(diagnostics.map(({ code, path }) => [code, path]), [["too-large", "m/big.sql"]]);
      assert.deepEqual(queries.map(({ tool }) => tool), ["m_a"]);
    },
  );
});

Deno.test("loadQueries() gives one tool its name and refuses a second with it", async () => {
  await withDirectory(
    { "a/b_c.sql": good("b_c"), "a_b/c.sql": good("c"), "M!/d.sql": good("d") },
    async (directory) => {
      const { diagnostics, queries } = await loadQueries(directory);
      assert.deepEqual(diagnostics.map(({ code, path }) => [code, path]), [
        ["tool-name", "M!/d.sql"],
        ["tool-duplicate", "a_b/c.sql"],
      ]);
      assert.deepEqual(queries.map(({ path }) => path), ["a/b_c.sql"]);
    },
  );
});

Deno.test("loadQueries() throws catalog.invalid for a directory that is not there or is a file", async () => {
  for (const path of ["/nowhere/sql", new URL(import.meta.url).pathname]) {
    await assert.rejects(
      loadQueries(path),
      (error) => error instanceof SqlwrightError && error.code === "catalog.invalid",
    );
  }
});

Deno.test("loadQueries() needs no permission but to read the SQL directory", async () => {
  const script = new URL("sandboxed_load.ts", import.meta.url).pathname;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const flags = ["--no-prompt", "--cached-only", "--frozen", "--config", config, `--allow-read=${fixtures}`];
  const command = new Deno.Command(Deno.execPath(), { args: ["run", ...flags, script, fixtures] });
  const { stdout, stderr } = await command.output();
  assert.equal(new TextDecoder().decode(stdout), "12 0", new TextDecoder().decode(stderr));
});
