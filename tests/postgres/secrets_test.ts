/** Passwords from files and from commands, and the errors of a set-up that gives none. */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { SqlwrightError } from "../../src/errors.ts";
import { renewalOf, Secrets, type SecretsOptions } from "../../src/postgres/target/secrets.ts";
import { readTarget } from "../../src/postgres/target/target.ts";
import { withFiles } from "../harness.ts";

const script = (text: string) => ["sh", "-c", text];

function finder(variables: Record<string, string>, secrets = new Secrets(), text = "postgresql://me@db/app") {
  const target = readTarget(text, (name) => variables[name]);
  return async () => (await secrets.find(target, target.places[0]!))?.value ?? null;
}

const quoted = (words: string[]) => words.map((word) => `'${word}'`).join(" ");

async function refusal(find: () => Promise<unknown>, pattern: RegExp): Promise<void> {
  await assert.rejects(find(), (error: SqlwrightError) => {
    assert.equal(error.code, "config.invalid", String(error));
    assert.match(`${error.message} | ${error.hint}`, pattern);
    return true;
  });
}

Deno.test("DATABASE_PASSWORD_FILE is read anew each time, and says what is wrong with it", () =>
  withFiles({ "secret": "one \n", "empty": "\n" }, async (directory) => {
    const path = join(directory, "secret");
    const find = finder({ DATABASE_PASSWORD_FILE: path });
    // The end of the line is the editor's, a space may be the password's.
    assert.equal(await find(), "one ");
    await Deno.writeTextFile(path, "two");
    assert.equal(await find(), "two");
    await Deno.writeFile(path, new Uint8Array(100_000));
    await refusal(find, /DATABASE_PASSWORD_FILE: .*secret has 100000 bytes/);
    await refusal(finder({ DATABASE_PASSWORD_FILE: join(directory, "empty") }), /empty is empty/);
    await refusal(finder({ DATABASE_PASSWORD_FILE: join(directory, "none") }), /none: there is no such file/);
    await refusal(
      finder({ DATABASE_PASSWORD_FILE: directory }),
      /DATABASE_PASSWORD_FILE: .*(?:folder|directory)/,
    );
  }));

Deno.test("the password file is left alone where others may read it", () =>
  withFiles({ "pgpass": "db:5432:app:me:pw\n" }, async (directory) => {
    const path = join(directory, "pgpass");
    const find = finder({ PGPASSFILE: path });
    await Deno.chmod(path, 0o644);
    await refusal(find, /others than its owner may read it.*chmod 0600/);
    await Deno.chmod(path, 0o600);
    assert.equal(await find(), "pw");
    assert.equal(await finder({ PGPASSFILE: path }, new Secrets(), "postgresql://you@db/app")(), null);
    await refusal(finder({ PGPASSFILE: join(directory, "none") }), /none: there is no such file/);
  }));

Deno.test("a command is run without a shell, once for all that ask, and again when its answer ends", () =>
  withFiles({ "count": "" }, async (directory) => {
    const count = join(directory, "count");
    const command = quoted(script(`printf x >> ${count}; cat ${join(directory, "answer")}`));
    const write = (text: string) => Deno.writeTextFile(join(directory, "answer"), text);
    const runs = async () => (await Deno.readTextFile(count)).length;
    let now_ms = Date.UTC(2026, 0, 1);
    const secrets = new Secrets({ now: () => now_ms });
    const find = finder({ DATABASE_PASSWORD_COMMAND: command }, secrets);
    await write("token\n");
    assert.deepEqual(await Promise.all([find(), find(), find()]), ["token", "token", "token"]);
    assert.equal(await runs(), 1);
    now_ms += 9 * 60_000;
    await find();
    assert.equal(await runs(), 1);
    now_ms += 60_000;
    await find();
    assert.equal(await runs(), 2);
    // A refused login.
    secrets.forget();
    await find();
    assert.equal(await runs(), 3);
    const plain = finder({ DATABASE_PASSWORD_COMMAND: "printf %s '$HOME;*'" });
    assert.equal(await plain(), "$HOME;*");
  }));

Deno.test("a token is renewed before its own end", () => {
  const now_ms = Date.UTC(2026, 0, 1, 12);
  const jwt = (exp: number) =>
    `eyJhbGciOiJub25lIn0.${
      new TextEncoder().encode(JSON.stringify({ exp })).toBase64({ alphabet: "base64url", omitPadding: true })
    }.x-y_z`;
  assert.equal(renewalOf(jwt(now_ms / 1000 + 3600), now_ms), now_ms + 3_540_000);
  assert.equal(renewalOf(jwt(now_ms / 1000 + 60), now_ms), now_ms + 54_000);
  const rds =
    "db.eu-west-1.rds.amazonaws.com:5432/?Action=connect&DBUser=me&X-Amz-Algorithm=AWS4-HMAC-SHA256" +
    "&X-Amz-Date=20260101T120000Z&X-Amz-Expires=900&X-Amz-Signature=abc";
  assert.equal(renewalOf(rds, now_ms), now_ms + 840_000);
  assert.equal(renewalOf("a plain password", now_ms), now_ms + 600_000);
  // One that has ended already is asked for anew at once.
  assert.ok(renewalOf(jwt(now_ms / 1000 - 5), now_ms) <= now_ms);
});

Deno.test("a command that hangs, fails, is silent or endless is told by what it did", async () => {
  const told = (command: string, pattern: RegExp, options: SecretsOptions = {}) =>
    refusal(finder({ DATABASE_PASSWORD_COMMAND: command }, new Secrets(options)), pattern);
  await told("sleep 60", /DATABASE_PASSWORD_COMMAND: "sleep" did not end within 0\.2 s/, {
    commandTimeout_ms: 200,
  });
  // Its child has the pipe still when it is gone.
  await told(quoted(script("sleep 5 & sleep 5")), /did not end within 0\.2 s/, { commandTimeout_ms: 200 });
  await told(quoted(script("echo no session >&2; exit 3")), /"sh" ended with 3: no session/);
  await told("true", /"true" wrote nothing/);
  await told("head -c 100000 /dev/zero", /wrote more than 65536 bytes/);
  await told("/nowhere/token", /"\/nowhere\/token" cannot be run: there is no such program/);
  // What failed is not kept.
  const secrets = new Secrets();
  await withFiles({}, async (directory) => {
    const find = finder({ DATABASE_PASSWORD_COMMAND: `cat ${join(directory, "late")}` }, secrets);
    await refusal(find, /ended with 1/);
    await Deno.writeTextFile(join(directory, "late"), "there");
    assert.equal(await find(), "there");
  });
});
