import assert from "node:assert/strict";
import { brokenDirectory, freeAddress, makeShop, run } from "./command.ts";

const shop = await makeShop();
Deno.test.afterAll(async () => await shop[Symbol.asyncDispose]());

Deno.test("doctor finds all well, and shows what the sandbox denies", async () => {
  const { code, stdout } = await run(["doctor"], {
    databaseUrl: shop.url,
    env: { SQLWRIGHT_HTTP: freeAddress() },
  });
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^✓ deno +2\.\d+/m);
  assert.match(stdout, /^✓ database +PostgreSQL .*no superuser$/m);
  assert.match(stdout, /^– migrations +none applied/m);
  assert.match(stdout, /^✓ query files +7 tools$/m);
  assert.match(
    stdout,
    /^✓ sandbox +may read the query files; may not read other files, write files, run programs, connect elsewhere, see other variables, load native code$/m,
  );
  assert.match(stdout, /^✓ server +starts and stops in its sandbox in /m);
  assert.match(stdout, /^✓ port +127\.0\.0\.1:\d+ is free$/m);
  assert.match(stdout, /\nAll is well\n$/);
});

Deno.test("doctor marks what is wrong, says what to do, and ends with 1", async () => {
  const [hostname, port] = freeAddress().split(":") as [string, string];
  const listener = Deno.listen({ hostname, port: Number(port) });
  // Accepts and hangs up: a program that is not ours.
  (async () => {
    for await (const connection of listener) connection.close();
  })();
  const { code, stdout } = await run(["doctor"], {
    sql: brokenDirectory,
    env: { SQLWRIGHT_HTTP: `${hostname}:${port}` },
  });
  listener.close();
  assert.equal(code, 1);
  assert.match(stdout, /^✗ database +Cannot reach PostgreSQL at 127\.0\.0\.1:1.*\n +help: /m);
  assert.match(stdout, /^– query files +needs the database$/m);
  assert.match(stdout, /^✗ port +127\.0\.0\.1:\d+ is in use by another program\n +help: /m);
  assert.match(stdout, /\n2 things to mend\n$/);
});

Deno.test("doctor --json tells each check with its state", async () => {
  const { code, stdout } = await run(["doctor", "--json"], {
    databaseUrl: shop.superuserUrl,
    sql: brokenDirectory,
  });
  assert.equal(code, 1);
  const { ok, checks } = JSON.parse(stdout);
  assert.equal(ok, false);
  const states = new Map(checks.map(({ name, state }: Record<string, string>) => [name, state]));
  assert.equal(states.get("deno"), "ok");
  assert.equal(states.get("database"), "failed");
  assert.equal(states.get("query files"), "failed");
  assert.equal(states.get("sandbox"), "ok");
  assert.equal(states.get("server"), "skipped");
});

Deno.test("doctor with a wrong setting looks no further", async () => {
  const { code, stdout } = await run(["doctor"], {
    databaseUrl: shop.url,
    env: { SQLWRIGHT_POOL_SIZE: "0" },
  });
  assert.equal(code, 1);
  assert.match(stdout, /✗ settings .*SQLWRIGHT_POOL_SIZE/);
  assert.doesNotMatch(stdout, /database/);
});
