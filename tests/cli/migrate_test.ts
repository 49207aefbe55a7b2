import assert from "node:assert/strict";
import { makeDatabase, run } from "./command.ts";

const own = await namesIn("migrations");
const migrations = await namesIn("edgar/migrations");

async function namesIn(directory: string): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);
  return names.filter((name) => /^\d{4}_.*\.sql$/.test(name)).sort();
}

Deno.test("migrate brings an empty database up to date, deploys views, and then has nothing to do", async () => {
  await using database = await makeDatabase();
  const options = { databaseUrl: database.url, project: "edgar" };
  const before = await run(["migrate", "status"], options);
  assert.equal(before.code, 0);
  assert.match(before.stdout, /^namespace {2}version {2}migration +state\n/);
  assert.ok(before.stdout.endsWith(`${own.length + migrations.length} pending\n`));

  const first = await run(["migrate"], options);
  assert.equal(first.code, 0, first.stderr);
  for (const name of own) assert.ok(first.stdout.includes(`migration  sqlwright  ${name}\n`), name);
  for (const name of migrations) assert.ok(first.stdout.includes(`migration  edgar      ${name}\n`), name);
  assert.match(first.stdout, /^view +edgar +edgar\/annual_headline\.sql$/m);
  const version = Number(migrations.at(-1)!.slice(0, 4));
  assert.ok(first.stdout.endsWith(`✓ At version ${version}\n`));

  const [again, json, status] = await Promise.all([
    run(["migrate"], options),
    run(["migrate", "--json"], options),
    run(["migrate", "status", "--json"], options),
  ]);
  assert.equal(again.stdout, `✓ Up to date at version ${version}\n`);
  assert.deepEqual(JSON.parse(json.stdout), {
    dry_run: false,
    current: version,
    applied: [],
    functions: [],
    views: [],
    left_over: [],
    diagnostics: [],
  });
  const all = [...own.map((name) => ["sqlwright", name]), ...migrations.map((name) => ["edgar", name])];
  assert.deepEqual(
    JSON.parse(status.stdout).migrations.map((
      { namespace, name, state }: Record<string, string>,
    ) => [namespace, name, state]),
    all.map((each) => [...each, "applied"]),
  );
});

Deno.test("a migration that changed after it was applied is refused and shown", async () => {
  await using database = await makeDatabase();
  const options = { databaseUrl: database.url, project: "edgar" };
  assert.equal((await run(["migrate"], options)).code, 0);
  await database.query(
    "update sqlwright.migration set sha256 = 'other' where namespace = 'edgar' and version = 1",
  );
  const [status, migrate] = await Promise.all([
    run(["migrate", "status"], options),
    run(["migrate"], options),
  ]);
  assert.equal(status.code, 1);
  assert.match(status.stdout, /edgar +1 {2}0001_\w+\.sql +changed\n/);
  assert.equal(migrate.code, 1);
  assert.match(
    migrate.stderr,
    /^error\[migration\.changed\] Cannot migrate: "0001_\w+\.sql" changed after it was applied\n/,
  );
});

Deno.test("migrate tells broken query files and ends with 1", async () => {
  await using database = await makeDatabase();
  const options = { databaseUrl: database.url, sql: "tests/fixtures/cli/broken" };
  const { code, stdout, stderr } = await run(["migrate"], options);
  assert.equal(code, 1);
  assert.equal(stdout, "✓ Up to date\n");
  assert.match(stderr, /error\[unknown-tag\][\s\S]*Views in broken files were not deployed/);
});

Deno.test("migrate of an unreachable database is one error", async () => {
  const { code, stdout, stderr } = await run(["migrate"]);
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /^error\[database\.unreachable\] .*nothing listens there\n {2}help: .*\n$/);
});
