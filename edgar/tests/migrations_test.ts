/** The migrations of EDGAR by themselves: each may run twice, and together they give the roles what they need. */

import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { migrateFolder, project, withDatabase, withFiles } from "../../tests/harness.ts";

const migrations = join(project, "edgar/migrations");

Deno.test("each of EDGAR's migrations can run twice where it stands, and all are whole", () =>
  withFiles({}, (directory) =>
    withDatabase(async ({ ownerUrl, sql }) => {
      const names = (await Array.fromAsync(Deno.readDir(migrations))).map(({ name }) => name)
        .filter((name) => /^\d{4}_/.test(name)).sort();
      assert.ok(names.length > 15);
      for (const name of names) {
        await Deno.copyFile(join(migrations, name), join(directory, name));
        assert.deepEqual((await migrateFolder(ownerUrl, directory)).applied, [name]);
        await sql`delete from sqlwright.migration where namespace = 'edgar' and version = ${
          Number(name.slice(0, 4))
        }`;
        assert.deepEqual((await migrateFolder(ownerUrl, directory)).applied, [name], "again");
      }
      const invalid = await sql`select indexrelid::regclass::text as name from pg_index where not indisvalid`;
      assert.deepEqual([...invalid], []);
      const texts = await sql`
      select relation.relname || '.' || attribute.attname as without_comment
      from pg_class as relation
      join pg_attribute as attribute on attribute.attrelid = relation.oid and attribute.attnum > 0 and not attribute.attisdropped
      where relation.relnamespace = 'edgar'::regnamespace and relation.relkind in ('r', 'p') and not relation.relispartition
        and (col_description(relation.oid, attribute.attnum) is null or obj_description(relation.oid) is null)
        and relation.relname <> 'concept'`;
      assert.deepEqual([...texts], []);
      const unindexed = await sql`
      select constrained.conname as name
      from pg_constraint as constrained
      where constrained.contype = 'f' and constrained.connamespace = 'edgar'::regnamespace
        and (
          constrained.confdeltype = 'a'
          or not exists (
            select from pg_index as index
            where index.indrelid = constrained.conrelid
              and (index.indkey::smallint[])[0:cardinality(constrained.conkey) - 1] @> constrained.conkey
          )
        )`;
      assert.deepEqual([...unindexed], []);
    }, { isEmpty: true })));

Deno.test("EDGAR's migrations give readers reading and writers loading, and run as an owner that is no superuser", () =>
  withDatabase(async ({ url, sql, name: database }) => {
    const owner = `owner_${database}`;
    const reader = `login_${database}`;
    await sql.unsafe(
      `create role ${owner} login createrole password 'secret'; alter database ${database} owner to ${owner}`,
    );
    await sql.unsafe(`create role ${reader} login password 'secret'`);
    const as = (user: string) => {
      const changed = new URL(url);
      changed.username = user;
      changed.password = "secret";
      return changed.href;
    };
    const login = postgres(as(reader), { max: 1 });
    try {
      await migrateFolder(as(owner), migrations);
      await sql.unsafe(`grant sqlwright_reader to ${reader}`);
      assert.equal((await login`select count(*)::integer as items from edgar.headline_item`)[0]?.items, 24);
      await assert.rejects(login`insert into edgar.company (cik, name) values (1, 'x')`, { code: "42501" });
      await sql.unsafe(`grant sqlwright_writer to ${reader}`);
      await login`insert into edgar.company (cik, name) values (1, 'x')`;
      await assert.rejects(login`delete from edgar.company`, { code: "42501" });
      await assert.rejects(login`delete from sqlwright.migration`, { code: "42501" });
    } finally {
      await login.end();
      await sql.unsafe(`reassign owned by ${owner} to current_user; drop owned by ${owner}, ${reader}`);
      await sql.unsafe(`alter database ${database} owner to current_user`);
      await sql.unsafe(`drop role ${reader}`);
      // On PostgreSQL 16 and later the role that made sqlwright_reader holds grants of it that outlive this database.
      await sql.unsafe(`drop role ${owner}`);
    }
  }, { isEmpty: true }));
