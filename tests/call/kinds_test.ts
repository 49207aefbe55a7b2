import assert from "node:assert/strict";
import { type TestDatabase, testOnEach, type TestServer, withDatabase, withTools } from "../harness.ts";

const files = {
  "shop/_module.sql": "-- title: Shop\n-- Items on sale.\n",
  "shop/items.sql": `-- name: items :many
-- Items that cost at least this much.
--
-- @param least = 0  Price in cents
-- @param note?      Only with this note
-- @rows 3

select item.id, item.name, item.price, item.note
from shop.item as item
where item.price >= :least::integer
  and (:note::text is null or item.note = :note)
order by item.id;
`,
  "shop/item.sql": `-- name: item :one
-- One item.
--
-- @param name  Its name

select item.id, item.name, item.price, item.note, item.added_on
from shop.item as item
where item.name ilike :'name';
`,
  "shop/count.sql": `-- name: count :value
-- How many items there are.

select count(*) as items from shop.item as item;
`,
  "shop/overview.sql": `-- name: overview :report
-- All items in one document.
--
-- @param least  Price in cents

select json_build_object(
  'items', coalesce((select json_agg(json_build_object('name', item.name, 'price', item.price) order by item.id) from shop.item as item where item.price >= :least::integer), '[]')
) as report;
`,
  "shop/rename.sql": `-- name: rename :exec
-- Renames an item.
--
-- @param id    Which
-- @param name  The new name
-- @hint idempotent

update shop.item as item
set name = :name
where item.id = :id::integer
returning item.id, item.name;
`,
  "shop/remove.sql": `-- name: remove :exec
-- Removes an item.
--
-- @param id  Which

delete from shop.item as item where item.id = :id::integer;
`,
  "shop/reprice.sql": `-- name: reprice :unnest
-- Sets many prices.
--
-- @param id     Which
-- @param price  In cents  {minimum: 0}
-- @param note?  A note

update shop.item as item
set price = change.price, note = change.note
from unnest(:id::integer[], :price::integer[], :note::text[]) as change (id, price, note)
where item.id = change.id
  and (item.price, item.note) is distinct from (change.price, change.note)
returning item.id, item.price;
`,
  "shop/load.sql": `-- name: load :copy
-- Loads items; known names are repriced.

create temporary table incoming (name text not null, price integer not null, note text) on commit drop;

copy incoming (name, price, note) from stdin (format csv, header match);

insert into shop.item (name, price, note)
select incoming.name, incoming.price, incoming.note
from incoming
on conflict (name) do update set price = excluded.price
where item.price is distinct from excluded.price;
`,
  "shop/pages.sql": `-- name: pages :many
-- Items, dearest first.
--
-- @param least = 0  Price in cents
-- @page price desc, id

select item.price, item.id, item.name
from shop.item as item
where item.price >= :least::integer;
`,
  "shop/labelled.sql": `-- name: labelled :view
-- Items with a label.
--
-- @filter name =  Exactly this name
-- @filter price >=  Cents
-- @filter price <=  Cents
-- @filter id in  Any of these
-- @filter label ~  A regular expression
-- @order id

create or replace view shop.labelled as
select item.id, item.name, item.price, item.name || ' at ' || item.price as label
from shop.item as item;
`,
};

const schema = `
  create schema shop;
  create table shop.item (
    id integer generated always as identity primary key, name text not null unique, price integer not null check (price >= 0),
    note text, added_on date not null default '2024-05-01'
  );
  comment on column shop.item.price is 'Price in cents';
  insert into shop.item (name, price, note) values ('pen', 100, 'blue'), ('ink', 250, null), ('pad', 300, 'blue'), ('cap', 300, null);
  create view shop.labelled as select item.id, item.name, item.price, item.name || ' at ' || item.price as label from shop.item as item;
  grant usage on schema shop to sqlwright_server;
  grant select, insert, update, delete on all tables in schema shop to sqlwright_server;
`;

type Call = Parameters<Parameters<typeof withTools>[2]>[0];
type App = Parameters<Parameters<typeof withTools>[2]>[1];

function testShop(
  name: string,
  run: (call: Call, database: TestDatabase, application: App) => Promise<void> | void,
): void {
  testOnEach(name, (server: TestServer) =>
    withDatabase(async (database) => {
      await database.sql.unsafe(schema);
      await withTools(database, files, async (call, application) => await run(call, database, application));
    }, { server, isEmpty: true }));
}

async function structured(call: Call, tool: string, args: Record<string, unknown> = {}) {
  const result = await call(tool, args);
  assert.equal(result.isError, false, result.text);
  return result.structured;
}

async function failure(call: Call, tool: string, args: Record<string, unknown>) {
  const result = await call(tool, args);
  assert.equal(result.isError, true, `expected an error, got ${result.text}`);
  return result.structured.error as {
    code: string;
    message: string;
    hint?: string;
    details?: Record<string, unknown>;
  };
}

testShop(
  ":many answers rows, applies defaults and optional parameters, and says what the ceiling cut",
  async (call) => {
    const cheap = await structured(call, "shop_items", { least: 300 });
    assert.deepEqual(cheap, {
      rows: [{ id: 3, name: "pad", price: 300, note: "blue" }, {
        id: 4,
        name: "cap",
        price: 300,
        note: null,
      }],
    });
    const blue = await structured(call, "shop_items", { note: "blue" }) as { rows: unknown[] };
    assert.equal(blue.rows.length, 2);
    const all = await structured(call, "shop_items", { note: null }) as {
      rows: unknown[];
      truncated: string;
    };
    assert.equal(all.rows.length, 3);
    assert.match(all.truncated, /first 3 rows: the ceiling is 3 rows/);
  },
);

testShop(":many tells the agent the same rows with the column names once", async (call) => {
  const result = await call("shop_items", { least: 300 });
  assert.deepEqual(JSON.parse(result.text), {
    columns: ["id", "name", "price", "note"],
    rows: [[3, "pad", 300, "blue"], [4, "cap", 300, null]],
  });
});

testShop(":one answers a row or null, and refuses a second row", async (call) => {
  assert.deepEqual(await structured(call, "shop_item", { name: "pen" }), {
    row: { id: 1, name: "pen", price: 100, note: "blue", added_on: "2024-05-01" },
  });
  assert.deepEqual(await structured(call, "shop_item", { name: "nothing" }), { row: null });
  assert.equal((await failure(call, "shop_item", { name: "p%" })).code, "result.too_many_rows");
});

testShop(":value and :report answer one value and one document", async (call) => {
  assert.deepEqual(await structured(call, "shop_count"), { value: 4 });
  assert.deepEqual(await structured(call, "shop_overview", { least: 300 }), {
    report: { items: [{ name: "pad", price: 300 }, { name: "cap", price: 300 }] },
  });
});

testShop(":exec answers how many rows it changed, and those of RETURNING", async (call, { sql }) => {
  assert.deepEqual(await structured(call, "shop_rename", { id: 1, name: "quill" }), {
    affected: 1,
    rows: [{ id: 1, name: "quill" }],
  });
  assert.deepEqual(await structured(call, "shop_remove", { id: 2 }), { affected: 1 });
  assert.deepEqual(await structured(call, "shop_remove", { id: 2 }), { affected: 0 });
  assert.deepEqual([...await sql`select name from shop.item order by id`].map(({ name }) => name), [
    "quill",
    "pad",
    "cap",
  ]);
});

testShop(":unnest updates many rows in one statement and leaves equal ones alone", async (call) => {
  const rows = [{ id: 1, price: 100, note: "blue" }, { id: 2, price: 260 }, { id: 99, price: 1 }, {
    id: 3,
    price: 310,
    note: 'a,"b\\{}',
  }];
  const answer = await structured(call, "shop_reprice", { rows }) as { affected: number; rows: unknown[] };
  assert.equal(answer.affected, 2);
  assert.deepEqual(
    new Set(answer.rows.map((row) => JSON.stringify(row))),
    new Set(['{"id":2,"price":260}', '{"id":3,"price":310}']),
  );
  assert.deepEqual(await structured(call, "shop_reprice", { rows: [] }), {
    affected: 0,
    outcomes: { updated: 0, unchanged: 0, missing: 0 },
    row_outcomes: [],
    rows: [],
  });
  const fault = await failure(call, "shop_reprice", { rows: [{ id: 1, price: 1 }, { id: 2, price: -1 }] });
  assert.equal(fault.code, "argument.invalid");
  assert.match(fault.message, /"rows\[1\]\.price" must be at least 0, found -1/);
});

testShop(":copy loads rows of the call, merges them, and counts", async (call, { sql }) => {
  const rows = [{ name: "pen", price: 110 }, { name: "new\titem\\", price: 5, note: "line\nbreak" }, {
    name: "ink",
    price: 250,
  }];
  assert.deepEqual(await structured(call, "shop_load", { rows }), {
    copied: 3,
    inserted: 1,
    updated: 1,
    unchanged: 1,
    affected: 2,
    rejected: 0,
  });
  const [item] = await sql`select name, note, price from shop.item where price = 5`;
  assert.deepEqual({ ...item }, { name: "new\titem\\", note: "line\nbreak", price: 5 });
});

testShop(
  ":copy refuses a bad row with its number, column and reason, and loads nothing",
  async (call, { sql }) => {
    const args = await failure(call, "shop_load", { rows: [{ name: "a", price: 1 }, { name: "b" }] });
    assert.match(args.message, /"rows\[1\]\.price" is required/);
    const check = await failure(call, "shop_load", {
      rows: [{ name: "a", price: 1 }, { name: "b", price: -1 }],
    });
    assert.equal(check.details?.constraint, "item_price_check");
    const [count] = await sql`select count(*)::int as n from shop.item`;
    assert.equal(count!.n, 4);
    assert.match((await failure(call, "shop_load", {})).message, /"rows" or "source" is required/);
    assert.match(
      (await failure(call, "shop_load", { rows: [{ name: "a", price: 1 }], source: "x.csv" })).message,
      /exclude each other/,
    );
  },
);

testShop("pages follow one another without gap or repeat while rows are inserted", async (call, { sql }) => {
  const seen: number[] = [];
  let cursor: string | null = null;
  do {
    const page: { rows: { id: number }[]; next_cursor: string | null } = await structured(
      call,
      "shop_pages",
      { page_size: 1, cursor },
    ) as never;
    seen.push(...page.rows.map(({ id }) => id));
    cursor = page.next_cursor;
    // Before the cursor's place in the order: must not shift the pages to come.
    if (seen.length === 2) await sql`insert into shop.item (name, price) values ('gold', 9999)`;
  } while (cursor !== null);
  assert.deepEqual(seen, [3, 4, 2, 1]);
});

testShop("a cursor that was changed, or belongs to other arguments, is refused", async (call) => {
  const { next_cursor } = await structured(call, "shop_pages", { page_size: 2 }) as { next_cursor: string };
  const changed = next_cursor.slice(0, -2) + (next_cursor.endsWith("A") ? "BB" : "AA");
  for (
    const args of [
      { cursor: changed },
      { cursor: next_cursor, least: 1 },
      { cursor: "" },
      { cursor: "AAAA" },
      { cursor: next_cursor + "A".repeat(40) },
    ]
  ) {
    assert.equal((await failure(call, "shop_pages", args)).code, "cursor.invalid", JSON.stringify(args));
  }
});

testShop(":view filters, orders and pages", async (call, _database, application) => {
  const ids = async (args: Record<string, unknown>) =>
    ((await structured(call, "shop_labelled", args)).rows as { id: number }[]).map(({ id }) => id);
  assert.deepEqual(await ids({}), [1, 2, 3, 4]);
  assert.deepEqual(await ids({ price_from: 250, price_to: 299 }), [2]);
  assert.deepEqual(await ids({ name: "pad" }), [3]);
  assert.deepEqual(await ids({ id: [1, 4, 77] }), [1, 4]);
  assert.deepEqual(await ids({ label: "^p.. at" }), [1, 3]);
  const first = await structured(call, "shop_labelled", { page_size: 3, price_from: 0 }) as {
    next_cursor: string;
  };
  assert.deepEqual(await ids({ page_size: 3, price_from: 0, cursor: first.next_cursor }), [4]);
  assert.equal((await failure(call, "shop_labelled", { label: "(" })).code, "database.failed");
  assert.equal(application.catalog().tools.get("shop_labelled")!.annotations.readOnlyHint, true);
});

testShop(
  "schemas say what Postgres knows: types, nullability, comments, defaults",
  (_call, _database, application) => {
    const tool = application.catalog().tools.get("shop_items")!;
    assert.deepEqual(tool.inputSchema, {
      type: "object",
      properties: {
        least: {
          description: "Price in cents",
          type: "integer",
          minimum: -2147483648,
          maximum: 2147483647,
          default: 0,
        },
        note: { description: "Only with this note", type: ["string", "null"] },
      },
      additionalProperties: false,
    });
    const { rows } = tool.outputSchema.properties as {
      rows: { items: { properties: Record<string, { type: unknown; description?: string }> } };
    };
    assert.deepEqual(
      Object.fromEntries(Object.entries(rows.items.properties).map(([name, { type }]) => [name, type])),
      {
        id: "integer",
        name: "string",
        price: "integer",
        note: ["string", "null"],
      },
    );
    assert.equal(rows.items.properties.price!.description, "Price in cents");
  },
);

testShop("annotations are all there, and derived from the kind", (_call, _database, application) => {
  const annotations = (name: string) => application.catalog().tools.get(name)!.annotations;
  assert.deepEqual(annotations("shop_items"), {
    title: "Items",
    readOnlyHint: true,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: false,
  });
  assert.deepEqual(annotations("shop_remove"), {
    title: "Remove",
    readOnlyHint: false,
    destructiveHint: true,
    idempotentHint: false,
    openWorldHint: false,
  });
  assert.deepEqual(annotations("shop_rename"), {
    title: "Rename",
    readOnlyHint: false,
    destructiveHint: true,
    idempotentHint: true,
    openWorldHint: false,
  });
  assert.deepEqual(annotations("shop_load"), {
    title: "Load",
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: false,
  });
});
