/** A database with tables to load, tools that load them, and a folder of sources, for the tests of `:copy`. */

import { join } from "node:path";
import type { SqlwrightError } from "../../src/errors.ts";
import type { CallContext, ToolResult } from "../../src/tool/model.ts";
import type { Application } from "../../src/app.ts";
import { type TestDatabase, testServers, withDatabase, withTools } from "../harness.ts";

export const loadSchema = `
  create schema shop;
  create table shop.item (
    id bigint primary key,
    name text not null,
    price numeric(12, 2) constraint check_item_price check (price >= 0),
    made_on date,
    note text default 'none',
    tags text[],
    doc jsonb
  );
  create table shop.part (id bigint, region integer, amount integer, primary key (region, id)) partition by hash (region);
  create table shop.part_0 partition of shop.part for values with (modulus 2, remainder 0);
  create table shop.part_1 partition of shop.part for values with (modulus 2, remainder 1);
  create table shop.plain (id integer not null, name text, extra text);
  create table shop.raw (id integer, name text);
  create view shop.shown as select item.id, item.name from shop.item as item;
  grant usage on schema shop to sqlwright_server;
  grant select, insert, update, delete, truncate on all tables in schema shop to sqlwright_server;
`;

const incoming = `create temporary table incoming (like shop.item including defaults) on commit drop;`;
const merge = `insert into shop.item as item (id, name, price, made_on, note, tags, doc)
select incoming.id, incoming.name, incoming.price, incoming.made_on, incoming.note, incoming.tags, incoming.doc
from incoming
order by incoming.id
on conflict (id) do update
set name = excluded.name, price = excluded.price, made_on = excluded.made_on
where (item.name, item.price, item.made_on) is distinct from (excluded.name, excluded.price, excluded.made_on);`;

export const loadFiles: Record<string, string> = {
  "shop/items.sql": `-- name: items :copy
-- Loads items.

${incoming}

copy incoming (id, name, price, made_on, note, tags, doc) from stdin (format csv, header match);

${merge}
`,
  "shop/checked.sql": `-- name: checked :copy
-- Loads items through a staging table with the target's checks and key.

create temporary table incoming (like shop.item including all) on commit drop;

copy incoming (id, name, price, made_on, note, tags, doc) from stdin (format csv, header match);

${merge}
`,
  "shop/parts.sql": `-- name: parts :copy
-- Loads parts into a partitioned table; a limit that the merge takes.
--
-- @param least = 0  Smaller amounts are left out

create temporary table incoming (like shop.part) on commit drop;

copy incoming (id, region, amount) from stdin (format csv, header);

insert into shop.part as part (id, region, amount)
select incoming.id, incoming.region, incoming.amount
from incoming
where incoming.amount >= :least::integer
on conflict (region, id) do update set amount = excluded.amount
where part.amount is distinct from excluded.amount;

delete from shop.part as part where part.amount = -1;
`,
  "shop/plain.sql": `-- name: plain :copy
-- Loads rows as they come, separated by bars.

copy shop.plain (id, name, extra) from stdin (format csv, delimiter '|', quote E'\\x01');
`,
  "shop/raw.sql": `-- name: raw :copy
-- Loads rows in COPY's text format.

copy shop.raw (id, name) from stdin;
`,
  "shop/loose.sql": `-- name: loose :copy
-- Loads rows of CSV as they come.

copy shop.raw (id, name) from stdin (format csv, header);
`,
  "shop/shown.sql": `-- name: shown :copy
-- Loads through a view.

create temporary table incoming (id bigint, name text) on commit drop;

copy incoming (id, name) from stdin (format csv, header);

insert into shop.shown (id, name) select incoming.id, incoming.name from incoming;
`,
  "shop/slow.sql": `-- name: slow :copy
-- Merges for as long as it may.
--
-- @allow forbidden  The test cancels it.

create temporary table incoming (id integer, name text) on commit drop;

copy incoming (id, name) from stdin (format csv, header);

insert into shop.raw (id, name) select incoming.id, incoming.name from incoming, lateral pg_sleep(60);
`,
};

export type Call = (
  tool: string,
  args?: Record<string, unknown>,
  context?: Partial<CallContext>,
) => Promise<ToolResult>;

export interface Loading {
  call: Call;
  application: Application;
  database: TestDatabase;
  sql: TestDatabase["sql"];
  /** Folder of sources. */
  directory: string;
  /** Writes a source and answers its name. */
  write: (name: string, content: string | Uint8Array) => Promise<string>;
  /** The answer, which must be none of an error. */
  load: (tool: string, args: Record<string, unknown>, context?: Partial<CallContext>) => Promise<LoadAnswer>;
  /** The error, which it must be. */
  refused: (tool: string, args: Record<string, unknown>, context?: Partial<CallContext>) => Promise<Refused>;
}

export interface LoadAnswer {
  copied: number;
  inserted?: number;
  updated?: number;
  deleted?: number;
  unchanged?: number;
  affected?: number;
  rejected: number;
  rejects?: { count: number; resource: string | null; first: Reject[] };
  already_loaded?: boolean;
}

export interface Reject {
  line: number;
  column: string | null;
  value: string | null;
  reason: string;
  sqlstate: string | null;
}

export type Refused = Pick<SqlwrightError, "code" | "message" | "hint"> & {
  details: Record<string, unknown>;
};

/** Registers a test on each server. @param more beside the schema and the files above */
export function testLoading(
  name: string,
  run: (loading: Loading) => Promise<void>,
  more: { schema?: string; files?: Record<string, string> } = {},
): void {
  for (const server of testServers()) {
    Deno.test(`${name} (PostgreSQL ${server.version})`, () =>
      withDatabase(async (database) => {
        await database.sql.unsafe(loadSchema + (more.schema ?? ""));
        const directory = await Deno.makeTempDir({ prefix: "sqlwright_sources_" });
        try {
          await withTools(
            database,
            { ...loadFiles, ...more.files },
            (call, application) => run(loadingOf(database, directory, call, application)),
            { SQLWRIGHT_SOURCE_DIR: directory },
          );
        } finally {
          await Deno.remove(directory, { recursive: true });
        }
      }, { server }));
  }
}

function loadingOf(
  database: TestDatabase,
  directory: string,
  call: Call,
  application: Application,
): Loading {
  return {
    call,
    application,
    database,
    sql: database.sql,
    directory,
    write: async (name, content) => {
      const path = join(directory, name);
      await (typeof content === "string" ? Deno.writeTextFile(path, content) : Deno.writeFile(path, content));
      return name;
    },
    load: async (tool, args, context) => {
      const result = await call(tool, args, context);
      if (result.isError) throw new Error(result.text);
      return result.structured as unknown as LoadAnswer;
    },
    refused: async (tool, args, context) => {
      const result = await call(tool, args, context);
      if (!result.isError) throw new Error(`No error: ${result.text}`);
      return result.structured.error as unknown as Refused;
    },
  };
}

export async function gzipped(content: string | Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([content]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
