/** A database with odd values, tools that read them, and exports of those, for the tests of exports. */

import assert from "node:assert/strict";
import { type Application, withApplication } from "../../src/app.ts";
import { programToolSources } from "../../src/cli/calls/program_tools.ts";
import { readConfig } from "../../src/config.ts";
import type { ByteSink } from "../../src/export/format/model.ts";
import type { ExportFormat } from "../../src/export/format/format.ts";
import { createLog } from "../../src/log.ts";
import { localCaller } from "../../src/tool/caller.ts";
import { prepareExport, runExport } from "../../src/export/run.ts";
import { callContext, type TestDatabase, withDatabase, withFiles } from "../harness.ts";

const schema = `
  create schema odd;
  create type odd.size as enum ('small', 'large');
  create table odd.value (
    id bigint primary key, words text, number numeric(12, 2), big numeric(30, 6), plain numeric, small integer,
    ratio double precision, narrow real, is_on boolean, day date, moment timestamptz, local timestamp, doc jsonb, tags text[],
    raw bytea, key uuid, size odd.size, span interval
  );
  insert into odd.value values
    (1, 'plain', 1.50, 12345678901234567890.123456, 0.10, 7, 0.1, 1.5, true, '2024-02-29', '2024-02-29 23:59:59.123456+00',
     '1969-12-31 23:59:59.5', '{"b": [1, 2], "a": "x y"}', '{a,"b c",NULL}', '\\x00ff', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'large', '1 day'),
    (2, 'comma, "quote"', -0.05, -0.000001, -1e-10, -7, 1e300, -0.25, false, '0044-03-15', '1900-01-01 00:00:00+00',
     '2024-01-01 00:00:00', 'null', '{}', '', '00000000-0000-0000-0000-000000000000', 'small', '-1 mon'),
    (3, E'two\\nlines\\r', null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
    (4, '', 0, 0, 0, 0, 0, 0, false, '1970-01-01', '1970-01-01 00:00:00+00', '1970-01-01', '[]', '{1}', '\\x61', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'small', '0'),
    (5, '\\.', 9999999999.99, 1, 'NaN', 2147483647, -0.0, 1, true, '9999-12-31', '9999-12-31 23:59:59+00', '9999-12-31', '"é"', '{é}', '\\x', '00000000-0000-0000-0000-000000000001', 'large', '1 year 2 mons 3 days 04:05:06');
  create view odd.shown as select id, words from odd.value;
  grant usage on schema odd to sqlwright_server;
  grant select on all tables in schema odd to sqlwright_server;
`;

export const select = `select
  value.id, value.words, value.number, value.big, value.plain, value.small, value.ratio, value.narrow, value.is_on,
  value.day, value.moment, value.local, value.doc, value.tags, value.raw, value.key, value.size, value.span
from odd.value as value
where value.id >= `;

const files = {
  "odd/values.sql": `-- name: values :many
-- All values.
--
-- @param least  From this one on
-- @rows 2

${select}:least::bigint
order by value.id;
`,
  "odd/words.sql": `-- name: words :many
-- One column.
--
-- @rows 1

select value.words from odd.value as value order by value.id;
`,
  "odd/numbers.sql": `-- name: numbers :many
-- As many numbers as wanted, by page.
--
-- @param most  How many
-- @page n
-- @allow page-not-unique  A series repeats nothing

select numbers.n, 'number ' || numbers.n as name
from generate_series(1, :most::bigint) as numbers (n);
`,
  "odd/stream.sql": `-- name: stream :many
-- As many rows as wanted, each made when it is asked for.
--
-- @param most  How many
-- @rows 10

select generate_series(1, :most::bigint) as n, repeat('x', 100) as filling;
`,
  "odd/stops.sql": `-- name: stops :many
-- Fails after many rows.
--
-- @rows 10

select 1 / (100000 - numbers.n) as quotient, repeat('x', 100) as filling
from generate_series(1, 200000) as numbers (n);
`,
  "odd/overview.sql": `-- name: overview :report
-- One document.

select json_build_object('count', count(*)) as overview from odd.value as value;
`,
  "odd/rename.sql": `-- name: rename :exec
-- Writes.
--
-- @param id  Which

update odd.value as value set words = 'x' where value.id = :id::bigint;
`,
};

export interface Served {
  application: Application;
  database: TestDatabase;
  directory: string;
}

export async function withExports<T>(
  use: (served: Served) => Promise<T>,
  { server, variables = {}, baseUrl = null }: {
    server?: TestDatabase["server"];
    variables?: Record<string, string>;
    baseUrl?: (() => string) | null;
  } = {},
): Promise<T> {
  return await withDatabase(async (database) => {
    await database.sql.unsafe(schema);
    return await withFiles(files, async (directory) => {
      const config = readConfig({
        DATABASE_URL: database.serverUrl,
        SQLWRIGHT_SQL_DIR: directory,
        ...variables,
      });
      const options = {
        log: createLog({ level: "error", write: () => {} }),
        programTools: await programToolSources(null, baseUrl),
      };
      return await withApplication(
        config,
        options,
        async (application) => await use({ application, database, directory }),
      );
    });
  }, { isEmpty: true, ...(server === undefined ? {} : { server }) });
}

export const limits = { timeout_ms: 60_000, bytes: 1e9 };

export async function exportOf(
  { host, pools }: Application,
  tool: string,
  args: Record<string, unknown>,
  format: ExportFormat,
  own: Partial<typeof limits> = {},
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const sink: ByteSink = (bytes) => void parts.push(bytes);
  const prepared = prepareExport(host.catalog(), { tool, args, format }, localCaller);
  const exported = await runExport(pools.reader, prepared, sink, { ...limits, ...own }, callContext());
  const bytes = new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
  assert.equal(exported.bytes, bytes.length);
  return bytes;
}

export const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
