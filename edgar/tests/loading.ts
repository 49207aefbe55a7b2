/** Loads over a database of the test: the queries of a program, and what is in the tables of SEC's data. */

import { join } from "node:path";
import type postgres from "postgres";
import { queryClient } from "sqlwright";
import {
  deployFiles,
  edgarConfig,
  loadQueries,
  project,
  type TestDatabase,
  withDatabase,
  withTestApplication,
} from "../../tests/harness.ts";
import type { EdgarQueries } from "../src/load/ledger.ts";
import type { Queries } from "../src/queries.ts";

/** A database with the migrations and the views, and without the sample. */
export async function withEmptyEdgar<T>(use: (database: TestDatabase) => Promise<T>): Promise<T> {
  return await withDatabase(async (database) => {
    await deployFiles(edgarConfig, database.ownerUrl, await loadQueries(join(project, "edgar/sql")));
    return await use(database);
  }, { isEmpty: true });
}

/** The typed queries over such a database. */
export async function withQueries<T>(
  use: (queries: EdgarQueries, database: TestDatabase) => Promise<T>,
): Promise<T> {
  return await withEmptyEdgar((database) =>
    withTestApplication(
      { DATABASE_URL: database.serverUrl },
      (application) => use(queryClient<Queries>(application.callTool).edgar, database),
    )
  );
}

/** Columns that say when a row was written. They differ between two loads of the same files. */
const times = ["updated_at", "loaded_at", "seconds", "fetched_at", "created_at", "changed_at", "began_at"];

/** One checksum for each table of the schema, over all rows in the order of their text and without the times. */
export async function checksums(sql: postgres.Sql): Promise<Record<string, string>> {
  const tables = await sql<{ name: string; columns: string[] }[]>`
    select
      relation.relname as name,
      array_agg(format('%I', attribute.attname) order by attribute.attnum) as columns
    from pg_class as relation
    join pg_attribute as attribute on attribute.attrelid = relation.oid and attribute.attnum > 0
    where relation.relnamespace = 'edgar'::regnamespace
      and relation.relkind in ('r', 'p')
      and not relation.relispartition
      and not attribute.attisdropped
      and not attribute.attname = any (${times})
    group by relation.relname
    order by relation.relname`;
  const sums: Record<string, string> = {};
  for (const { name, columns } of tables) {
    const [row] = await sql.unsafe(
      `select count(*) || ' ' || coalesce(md5(string_agg(line, e'\\n' order by line collate "C")), '') as sum
       from (select row(${columns.join(", ")})::text as line from edgar.${name}) as lines`,
    );
    sums[name] = row!.sum;
  }
  return sums;
}

/** The facts of a company facts file, read without the parser: what a load must come to. */
export async function factsOf(file: string): Promise<Map<string, string>> {
  const { cik, facts } = JSON.parse(await Deno.readTextFile(file)) as {
    cik: number;
    facts: Record<string, Record<string, { units: Record<string, Record<string, unknown>[]> }>>;
  };
  const found = new Map<string, string>();
  for (const [taxonomy, tags] of Object.entries(facts)) {
    for (const [tag, { units }] of Object.entries(tags)) {
      for (const [unit, rows] of Object.entries(units)) {
        for (const { start, end, accn, val, fy, fp, form, filed, frame } of rows) {
          found.set(
            JSON.stringify([cik, taxonomy, tag, unit, start ?? null, end, accn]),
            JSON.stringify([val, fy, fp, form, filed, frame ?? null]),
          );
        }
      }
    }
  }
  return found;
}
