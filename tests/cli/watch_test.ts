import assert from "node:assert/strict";
import { join } from "node:path";
import { brokenDirectory, makeShop, run, shopDirectory, spawn, until } from "./command.ts";

const shop = await makeShop();
Deno.test.afterAll(async () => await shop[Symbol.asyncDispose]());
const databaseUrl = shop.url;

/** `check --watch` over a copy of the shop's files; `shown` is what it has printed so far. */
async function withWatch(
  args: readonly string[],
  use: (watch: { directory: string; shown: () => string; rounds: () => number }) => Promise<void>,
): Promise<{ code: number; stderr: string }> {
  const directory = await Deno.makeTempDir({ prefix: "sqlwright_watch_" });
  await Deno.mkdir(join(directory, "shop"));
  for await (const { name } of Deno.readDir(join(shopDirectory, "shop"))) {
    await Deno.copyFile(join(shopDirectory, "shop", name), join(directory, "shop", name));
  }
  const child = spawn(["--allow-all"], ["check", "--watch", ...args], { databaseUrl, sql: directory });
  const bound = setTimeout(() => child.kill("SIGKILL"), 60_000);
  let shown = "";
  const reading = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) shown += text;
  })();
  const stderr = new Response(child.stderr).text();
  const rounds = () => shown.split("\n").filter((line) => /files?, .* · \d\d:\d\d:\d\d$/.test(line)).length;
  try {
    await until(() => Promise.resolve(rounds() >= 1), `the first check; shown: ${shown}`);
    await use({ directory, shown: () => shown, rounds });
  } finally {
    child.kill("SIGINT");
    await reading;
    await child.stdin.close();
    await child.status;
    clearTimeout(bound);
    await Deno.remove(directory, { recursive: true });
  }
  return { code: (await child.status).code, stderr: await stderr };
}

Deno.test("check --watch checks again after each save, and ends with Ctrl-C", async () => {
  const ended = await withWatch([], async ({ directory, shown, rounds }) => {
    assert.match(shown(), /^sqlwright: checking\n8 files, no errors · \d\d:\d\d:\d\d\n$/);
    const file = join(directory, "shop/get_thing.sql");
    const right = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, right.replace("thing.note", "thing.nota"));
    await until(() => Promise.resolve(rounds() === 2), "the second check");
    const second = shown().slice(shown().lastIndexOf("sqlwright: checking"));
    assert.match(second, /get_thing\.sql:7:43\n {2}\|\n7 \| select .*\n {2}\| {43}\^/);
    assert.match(second, /8 files, 1 error · \d\d:\d\d:\d\d\n$/);
    await Deno.writeTextFile(file, right);
    await until(() => Promise.resolve(rounds() === 3), "the third check");
    await Deno.remove(file);
    await until(() => Promise.resolve(rounds() === 4), "the fourth check");
    assert.match(shown(), /7 files, no errors · \d\d:\d\d:\d\d\n$/);
  });
  assert.deepEqual(ended, { code: 130, stderr: "" });
});

Deno.test("check --watch --format unix has the lines that the documented problem matcher reads", async () => {
  const docs = await Deno.readTextFile("docs/operations.md");
  const tasks = JSON.parse(/```json\n(\{[^`]*"problemMatcher"[^`]*)```/.exec(docs)![1]!);
  const { pattern, background } = tasks.tasks[0].problemMatcher;
  await withWatch(["--format", "unix"], async ({ directory, shown, rounds }) => {
    await Deno.copyFile(join(brokenDirectory, "shop/near.sql"), join(directory, "shop/near.sql"));
    await until(() => Promise.resolve(rounds() === 2), "the second check");
    const lines = shown().slice(shown().lastIndexOf("sqlwright: checking")).trimEnd().split("\n");
    assert.match(lines[0]!, new RegExp(background.beginsPattern));
    assert.match(lines.at(-1)!, new RegExp(background.endsPattern));
    const found = lines.slice(1, -1).map((line) => new RegExp(pattern.regexp).exec(line)!);
    const [first] = found;
    assert.equal(first![pattern.file], join(directory, "shop/near.sql"));
    assert.deepEqual(
      [first![pattern.line], first![pattern.column], first![pattern.severity], first![pattern.code]],
      ["5", "4", "error", "unknown-tag"],
    );
    assert.equal(first![pattern.message], `"@parm" is not a tag; Did you mean "@param"?`);
  });
});

Deno.test("check --watch outlives a folder that goes away", async () => {
  await withWatch(["--static"], async ({ directory, shown, rounds }) => {
    await Deno.rename(directory, `${directory}.away`);
    await until(() => Promise.resolve(shown().includes("error[catalog.invalid]")), "the error");
    await Deno.rename(`${directory}.away`, directory);
    const before = rounds();
    await until(() => Promise.resolve(rounds() > before), "the next check");
  });
});

Deno.test("check --format unix is one line a finding", async () => {
  const { code, stdout } = await run(["check", "--static", "--format", "unix", "--sql", brokenDirectory]);
  assert.equal(code, 1);
  const [first, last] = stdout.trimEnd().split("\n");
  assert.equal(
    first,
    `${brokenDirectory}/shop/near.sql:5:4: error unknown-tag: "@parm" is not a tag; Did you mean "@param"?`,
  );
  assert.match(stdout, /\n✗ 3 files, .*\n$/, last ?? "");
});

Deno.test("check --watch refuses what it cannot go with", async () => {
  for (const option of [["--json"], ["--lock"], ["--format", "github"]]) {
    const { code, stdout, stderr } = await run(["check", "--watch", ...option], { databaseUrl });
    assert.equal(code, 2, stderr);
    assert.match(stdout + stderr, /--watch goes with --format text or unix/);
  }
  const { code, stderr } = await run(["check", "--watch", "shop/get_thin.sql"], { databaseUrl });
  assert.equal(code, 2);
  assert.match(stderr, /there is no query file/);
});
