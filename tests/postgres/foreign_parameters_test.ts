/** What other programs write into a connection string: refused with whose it is and what to write. */

import assert from "node:assert/strict";
import { foreignScheme, readConfig } from "../../src/config.ts";
import { parseConnectionUrl } from "../../src/postgres/connection_url.ts";
import { foreignParameters } from "../../src/postgres/foreign_parameters.ts";

Deno.test("a parameter of another program is refused by name, with whose it is and the way out", () => {
  for (const name of ["schema", "connection_limit", "pool_timeout", "pgbouncer", "sslaccept"]) {
    assert.throws(() => parseConnectionUrl(`postgresql://me:secret@db/app?${name}=x`), (error: Error) => {
      const { message, hint } = error as Error & { hint: string };
      assert.equal(message, `Cannot read DATABASE_URL: the parameter "${name}" is not PostgreSQL's`);
      assert.match(hint, /^It is Prisma's.*(take it out|write)/);
      assert.doesNotMatch(message + hint, /secret/);
      return true;
    });
  }
  for (const [name, advice] of Object.entries(foreignParameters)) {
    assert.match(advice, /write|take it out/, name);
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
