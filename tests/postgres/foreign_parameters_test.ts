/** What other programs write into a connection string: refused with whose it is and what to write. */

import assert from "node:assert/strict";
import { foreignScheme, readConfig } from "../../src/config.ts";
import { foreignParameters } from "../../src/postgres/target/parameters.ts";
import { readTarget } from "../../src/postgres/target/target.ts";

Deno.test("a parameter of another program is refused by name, with whose it is and the way out", () => {
  for (const name of ["schema", "connection_limit", "pool_timeout", "pgbouncer", "sslaccept"]) {
    assert.throws(() => readTarget(`postgresql://me:secret@db/app?${name}=x`), (error: Error) => {
      const { message, hint } = error as Error & { hint: string };
      assert.match(
        message,
        new RegExp(`^Cannot read DATABASE_URL: ${name} cannot be honoured: .* of Prisma, `),
      );
      assert.match(hint, /take it out|write/i);
      assert.doesNotMatch(message + hint, /secret/);
      return true;
    });
  }
  for (const [name, [owner, advice]] of Object.entries(foreignParameters)) {
    assert.match(`${owner}: ${advice}`, /write|take it out/, name);
  }
});

Deno.test("a scheme of SQLAlchemy or of Java is told from a wrong one", () => {
  assert.equal(foreignScheme("postgresql://me@db/app"), null);
  assert.equal(foreignScheme("mysql://me@db/app"), null);
  for (const url of ["postgresql+psycopg://me:secret@db/app", "postgres+asyncpg://me:secret@db/app"]) {
    assert.throws(
      () => readConfig({ DATABASE_URL: url }),
      /DATABASE_URL: expected [^;]*; postgres(ql)?\+\w+:\/\/ names a driver of SQLAlchemy: write postgresql:\/\//,
    );
  }
  assert.match(foreignScheme("jdbc:postgresql://db/app") ?? "", /of Java/);
});

Deno.test("SQLWRIGHT_DATABASE_URL goes before DATABASE_URL", () => {
  const other = "postgresql://app@elsewhere/app";
  const own = "postgresql://agent@db/shop";
  assert.equal(readConfig({ DATABASE_URL: other, SQLWRIGHT_DATABASE_URL: own }).DATABASE_URL, own);
  assert.equal(readConfig({ DATABASE_URL: other, SQLWRIGHT_DATABASE_URL: "" }).DATABASE_URL, other);
  assert.equal(readConfig({ SQLWRIGHT_DATABASE_URL: own }).DATABASE_URL, own);
});
