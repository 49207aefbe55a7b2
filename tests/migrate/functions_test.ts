/** Functions of a project: deployed from their files, replaced when the text changes, and dropped only where nobody needs them. */

import assert from "node:assert/strict";
import { deployAll, refusal, withCase } from "./deploying.ts";

const house = "create schema house; create table house.door (id integer, colour text);";
const count = (type: string, body = "select count(*) from house.door where id > lowest") =>
  `create or replace function house.count_doors(lowest ${type})\nreturns bigint\nlanguage sql\nstable\nas $$ ${body} $$;\n\n` +
  `comment on function house.count_doors(${type}) is 'How many doors.';\n`;

Deno.test("functions are deployed after migrations and before views, and replaced when their text changes", () =>
  withCase({
    "0001_create_house.sql": house,
    "functions/count_doors.sql": count("integer"),
  }, async ({ url, directory, write, sql }) => {
    const views = [{
      path: "house/many.sql",
      text: "create or replace view house.many as select house.count_doors(0) as doors",
    }];
    const first = await deployAll(url, directory, { views });
    assert.deepEqual(first.migrations, [{ namespace: "house", name: "0001_create_house.sql" }]);
    assert.deepEqual([first.functions, first.views], [["count_doors.sql"], ["house/many.sql"]]);
    await sql`insert into house.door (id) values (1), (2)`;
    assert.equal((await sql`select doors from house.many`)[0]!.doors, "2");

    const again = await deployAll(url, directory, { views });
    assert.deepEqual([again.migrations, again.functions, again.views], [[], [], []]);

    await write("functions/count_doors.sql", count("integer", "select 7::bigint"));
    assert.deepEqual((await deployAll(url, directory, { views })).functions, ["count_doors.sql"]);
    assert.equal((await sql`select doors from house.many`)[0]!.doors, "7");
    const [row] = await sql`select namespace, path, routines from sqlwright.function`;
    assert.deepEqual({ ...row }, {
      namespace: "house",
      path: "count_doors.sql",
      routines: ["house.count_doors(pg_catalog.int4)"],
    });
    const [comment] = await sql`
      select obj_description('house.count_doors(integer)'::regprocedure) as text`;
    assert.equal(comment!.text, "How many doors.");
  }));

Deno.test("other arguments make another function, and the old one goes when nothing depends on it", () =>
  withCase({
    "0001_create_house.sql": house,
    "functions/count_doors.sql": count("integer"),
  }, async ({ url, directory, write, sql }) => {
    await deployAll(url, directory);
    await sql`create function house.count_doors(kind text) returns bigint language sql as 'select 1::bigint'`;
    await write("functions/count_doors.sql", count("bigint"));
    await deployAll(url, directory);
    const signatures = async () =>
      (await sql`
        select pg_get_function_identity_arguments(oid) as arguments from pg_proc where proname = 'count_doors' order by 1`)
        .map((row) => row.arguments);
    assert.deepEqual(await signatures(), ["kind text", "lowest bigint"], "what nobody wrote down stays");

    await sql`create view house.many as select house.count_doors(0::bigint) as doors`;
    await write("functions/count_doors.sql", count("numeric"));
    const error = await refusal(deployAll(url, directory), "migration.failed");
    assert.match(
      error.message,
      /"functions\/count_doors\.sql": it no longer makes house\.count_doors\(pg_catalog\.int8\).*view house\.many depends on/,
    );
    assert.match(error.hint!, /in a migration/);
    assert.deepEqual(await signatures(), ["kind text", "lowest bigint"], "nothing is half done");
  }));

Deno.test("another answer replaces a function of ours, and of nobody else's", () =>
  withCase({
    "0001_create_house.sql":
      `${house} create function house.older() returns integer language sql as 'select 1';`,
    "functions/newest.sql":
      "create or replace function house.newest() returns integer language sql as 'select 1';",
  }, async ({ url, directory, write, remove, sql }) => {
    await deployAll(url, directory);
    await write(
      "functions/newest.sql",
      "create or replace function house.newest() returns text language sql as $$ select 'door' $$;\n" +
        "revoke execute on function house.newest() from public;",
    );
    await deployAll(url, directory);
    assert.equal((await sql`select house.newest() as newest`)[0]!.newest, "door");

    await sql`create view house.last as select house.newest() as newest`;
    await write(
      "functions/newest.sql",
      "create or replace function house.newest() returns bigint language sql as 'select 1';",
    );
    const needed = await refusal(deployAll(url, directory), "migration.failed");
    assert.match(
      needed.message,
      /newest\.sql" at 1:1: cannot change return type.*view house\.last depends on/,
    );
    assert.match(needed.hint!, /Drop or change what depends on it in a migration/);

    await sql`drop view house.last`;
    await remove("functions/newest.sql");
    await write(
      "functions/older.sql",
      "create or replace function house.older() returns text language sql as $$ select 'x' $$;",
    );
    const foreign = await refusal(deployAll(url, directory), "migration.failed");
    assert.match(foreign.hint!, /not made from this folder: drop it in a migration/);
    assert.equal((await sql`select house.older() as older`)[0]!.older, 1);
  }));

Deno.test("files wait for what other files make, whatever their order", () =>
  withCase({
    "0001_create_house.sql": house,
    "functions/a_first.sql":
      "create or replace function house.a() returns integer language sql as 'select house.b() + 1';",
    "functions/b/second.sql":
      "create or replace function house.b() returns integer language sql as 'select house.c() + 1';",
    "functions/c_third.sql":
      "create or replace function house.c() returns integer language sql as 'select doors::integer from house.many';",
  }, async ({ url, directory, sql }) => {
    const views = [{
      path: "house/many.sql",
      text: "create or replace view house.many as select 40 as doors",
    }];
    const { functions } = await deployAll(url, directory, { views });
    assert.deepEqual(functions, ["c_third.sql", "b/second.sql", "a_first.sql"]);
    assert.equal((await sql`select house.a() as answer`)[0]!.answer, 42);
  }));

Deno.test("procedures and aggregates are functions too", () =>
  withCase({
    "0001_create_house.sql": house,
    "functions/paint.sql":
      "create or replace procedure house.paint(shade text) language sql as $$ update house.door set colour = shade $$;\n" +
      "revoke execute on procedure house.paint(text) from public;",
    "functions/product.sql":
      "create or replace function house.times(one bigint, other bigint) returns bigint language sql as 'select one * other';\n" +
      "create or replace aggregate house.product(bigint) (sfunc = house.times, stype = bigint, initcond = '1');",
  }, async ({ url, directory, write, sql }) => {
    await deployAll(url, directory);
    await sql`insert into house.door (id) values (6), (7)`;
    await sql`call house.paint('blue')`;
    assert.equal(
      (await sql`select count(*)::integer as count from house.door where colour = 'blue'`)[0]!.count,
      2,
    );
    assert.equal((await sql`select house.product(id) as product from house.door`)[0]!.product, "42");
    await write(
      "functions/product.sql",
      "create or replace function house.times(one bigint, other bigint) returns bigint language sql as 'select one * other';",
    );
    await deployAll(url, directory);
    assert.deepEqual([...await sql`select from pg_proc where proname = 'product'`], []);
  }));

Deno.test("a file that is gone leaves its function, says so, and forgets it when a migration has dropped it", () =>
  withCase({
    "0001_create_house.sql": house,
    "functions/count_doors.sql": count("integer"),
  }, async ({ url, directory, write, remove, sql }) => {
    await deployAll(url, directory);
    await remove("functions/count_doors.sql");
    const left = [{ path: "count_doors.sql", routines: ["house.count_doors(pg_catalog.int4)"] }];
    for (const isDryRun of [true, false, false]) {
      assert.deepEqual((await deployAll(url, directory, { isDryRun })).leftOver, left);
    }
    assert.equal((await sql`select house.count_doors(0) as doors`)[0]!.doors, "0");
    await write("0002_drop_count.sql", "drop function house.count_doors(integer);");
    assert.deepEqual((await deployAll(url, directory)).leftOver, []);
    assert.deepEqual([...await sql`select path from sqlwright.function`], []);
  }));

Deno.test("a file takes a new name with its function", () =>
  withCase({
    "0001_create_house.sql": house,
    "functions/count_doors.sql": count("integer"),
  }, async ({ url, directory, write, remove, sql }) => {
    await deployAll(url, directory);
    await remove("functions/count_doors.sql");
    await write("functions/doors.sql", count("integer"));
    const { functions, leftOver } = await deployAll(url, directory);
    assert.deepEqual([functions, leftOver], [["doors.sql"], []]);
    assert.deepEqual((await sql`select path from sqlwright.function`).map(({ path }) => path), ["doors.sql"]);
  }));

Deno.test("a function that a migration drops or replaces is made again in the same run", () =>
  withCase({
    "0001_create_house.sql": house,
    "functions/count_doors.sql": count("integer"),
  }, async ({ url, directory, write, sql }) => {
    await deployAll(url, directory);
    await write("0002_drop_count.sql", "drop function house.count_doors(integer);");
    assert.deepEqual((await deployAll(url, directory)).functions, ["count_doors.sql"]);
    await write("0003_copy_count.sql", count("integer", "select 9::bigint"));
    assert.deepEqual((await deployAll(url, directory)).functions, ["count_doors.sql"]);
    assert.equal((await sql`select house.count_doors(0) as doors`)[0]!.doors, "0");
  }));

for (
  const [what, text, line, message] of [
    [
      "a table",
      "create or replace function house.f() returns int language sql as 'select 1';\ncreate table house.x ();",
      2,
      /holds create or replace function/,
    ],
    [
      "no `or replace`",
      "create function house.f() returns int language sql as 'select 1';",
      1,
      /runs again whenever it changes/,
    ],
    [
      "no schema",
      "create or replace function f() returns int language sql as 'select 1';",
      1,
      /"f" has no schema/,
    ],
    ["nothing", "-- later\n", 1, /makes no function/],
    [
      "a wrong body",
      "\ncreate or replace function house.f() returns int language sql as 'select colour from house.dor';",
      2,
      /"house\.dor" does not exist/,
    ],
    ["a syntax error", "create or replace function house.f() returns int languages sql;", 1, /syntax error/],
  ] as const
) {
  Deno.test(`a function file with ${what} is refused at its place, and nothing is deployed`, () =>
    withCase({
      "0001_create_house.sql": house,
      "functions/a_right.sql": count("integer"),
      "functions/f.sql": text,
    }, async ({ url, directory, sql }) => {
      const error = await refusal(deployAll(url, directory), "migration.failed");
      assert.match(error.message, message);
      assert.deepEqual([error.details.file, error.details.line], ["functions/f.sql", line]);
      assert.deepEqual([...await sql`select from pg_proc where proname in ('f', 'count_doors')`], []);
    }));
}

Deno.test("two files that make one function are refused", () =>
  withCase({
    "0001_create_house.sql": house,
    "functions/a.sql": count("integer"),
    "functions/b.sql": count("integer"),
  }, async ({ url, directory }) => {
    const error = await refusal(deployAll(url, directory), "migration.failed");
    assert.match(
      error.message,
      /"functions\/b\.sql": it makes house\.count_doors\(pg_catalog\.int4\), and so does "a\.sql"/,
    );
  }));

Deno.test("a dry run tells all that would run, finds syntax errors, and changes nothing", () =>
  withCase({
    "0001_create_house.sql": house,
    "functions/count_doors.sql": count("integer"),
  }, async ({ url, directory, write, sql }) => {
    const views = [{
      path: "house/many.sql",
      text: "create or replace view house.many as select 1 as doors",
    }];
    const plan = await deployAll(url, directory, { views, isDryRun: true });
    assert.deepEqual(plan, {
      migrations: [{ namespace: "house", name: "0001_create_house.sql" }],
      functions: ["count_doors.sql"],
      views: ["house/many.sql"],
      leftOver: [],
      current: 1,
    });
    const schemas = await sql`select nspname from pg_namespace where nspname in ('house', 'sqlwright')`;
    assert.deepEqual([...schemas], []);
    await deployAll(url, directory, { views });
    const nothing = await deployAll(url, directory, { views, isDryRun: true });
    assert.deepEqual([nothing.migrations, nothing.functions, nothing.views], [[], [], []]);
    await write("0002_create_wall.sql", "create tabel house.wall ();");
    const error = await refusal(deployAll(url, directory, { isDryRun: true }), "migration.failed");
    assert.match(error.message, /migrations\/0002_create_wall\.sql" at 1:8/);
  }));
