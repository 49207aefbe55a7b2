/** Keys of tables that others inherit from hold for their own rows alone: pages and new files know it. */

import assert from "node:assert/strict";
import { makeDatabase, run } from "./command.ts";
import { withFiles } from "../harness.ts";

const paged = (name: string, page: string, select: string) =>
  `-- name: ${name} :many\n-- Pages.\n--\n-- @page ${page}\n\n${select}\n`;

const schema = `
  create schema old;
  create table old.event (id bigint primary key, note text);
  create table old.event_2024 (primary key (id)) inherits (old.event);
  create table old.loose (id bigint primary key);
  create table old.loose_child () inherits (old.loose);
  create table old.part (id bigint primary key) partition by range (id);
  create table old.part_1 partition of old.part for values from (0) to (10);
  insert into old.event values (1), (2), (3);
  insert into old.event_2024 values (1), (2), (3);
`;

const files = {
  "old/both.sql": paged("both", "id", "select event.id from old.event as event order by event.id;"),
  "old/loose.sql": paged(
    "loose",
    "id, table_id",
    "select loose.id, loose.tableoid as table_id from old.loose as loose order by loose.id, table_id;",
  ),
  "old/only.sql": paged("only", "id", "select event.id from only old.event as event order by event.id;"),
  "old/by_table.sql": paged(
    "by_table",
    "id, table_id",
    "select event.id, event.tableoid as table_id from old.event as event order by event.id, table_id;",
  ),
  "old/part.sql": paged("part", "id", "select part.id from old.part as part order by part.id;"),
};

Deno.test("a page over a table with children needs `only`, or the tableoid where each child has the key", async () => {
  await using database = await makeDatabase();
  await database.query(schema);
  await database.query(
    `grant usage on schema old to public; grant select on all tables in schema old to public`,
  );
  await withFiles(files, async (sql) => {
    const checked = await run(["check", "--json"], { databaseUrl: database.url, sql });
    const { files: found } = JSON.parse(checked.stdout) as {
      files: { path: string; diagnostics: { code: string; hint: string; message: string }[] }[];
    };
    const wrong = found.flatMap(({ path, diagnostics }) =>
      diagnostics.filter(({ code }) => code !== "lock-stale").map((
        { code, hint },
      ) => [path.split("/").at(-1), code, hint])
    );
    assert.deepEqual(wrong, [
      [
        "both.sql",
        "page-not-unique",
        "Write `from only old.event`, or select its tableoid and add it to @page, or write @allow page-not-unique " +
        "with the reason why it is unique over all of them",
      ],
      [
        "loose.sql",
        "page-not-unique",
        "Write `from only old.loose`, or write @allow page-not-unique with the reason why it is unique over all of " +
        "them",
      ],
    ]);
    await Deno.remove(`${sql}/old/both.sql`);
    await Deno.remove(`${sql}/old/loose.sql`);
    const ids: unknown[] = [];
    let cursor: string | null = null;
    do {
      const { code, stdout, stderr } = await run(
        [
          "call",
          "old_by_table",
          "--page-size",
          "2",
          "--json",
          ...(cursor === null ? [] : ["--cursor", cursor]),
        ],
        { databaseUrl: database.url, sql },
      );
      assert.equal(code, 0, stderr + stdout);
      const answer = JSON.parse(stdout);
      ids.push(...answer.rows.map(({ id }: { id: unknown }) => id));
      cursor = answer.next_cursor ?? null;
    } while (cursor !== null);
    assert.deepEqual(ids, [1, 1, 2, 2, 3, 3]);
  });
});

Deno.test("new files of a table with children have no page, and none of its key", async () => {
  await using database = await makeDatabase();
  await database.query(schema);
  await database.query(
    `grant usage on schema old to public; grant select on all tables in schema old to public`,
  );
  await withFiles({}, async (sql) => {
    const made = await run(["new", "old.*"], { databaseUrl: database.url, sql });
    assert.equal(made.code, 0, made.stderr);
    const names = (await Array.fromAsync(Deno.readDir(`${sql}/old`))).map(({ name }) => name).sort();
    assert.ok(names.includes("get_event.sql"), names.join());
    const text = (name: string) => Deno.readTextFile(`${sql}/old/${name}.sql`);
    assert.doesNotMatch(await text("list_event"), /@page/);
    assert.match(await text("list_part"), /@page id/);
    assert.match(await text("list_event_2024"), /@page id/);
    // Without a key, the row is asked for as one of a table that has none.
    assert.doesNotMatch(await text("get_event"), /by its key/);
    assert.match(await text("get_part"), /by its key/);
    const checked = await run(["check"], { databaseUrl: database.url, sql });
    assert.equal(checked.code, 0, checked.stdout + checked.stderr);
  });
});
