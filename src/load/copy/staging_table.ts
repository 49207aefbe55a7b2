/**
 * Staged rows that know where they came from: in mode `collect` the COPY goes to a copy of the file's staging
 * table with one column more, the number of the row, which a sequence gives it. So the records go to COPY as
 * they are, in any format. A second table says for runs of numbers which lines of the source they are; where
 * lines follow each other it has one row.
 *
 * The file's own table stays empty meanwhile. The merges see the rows through it: all of them as its child,
 * by inheritance, which moves nothing; or a part of them, moved there, which is what the search for bad rows
 * does (`merge_search.ts`).
 */

import type { CallConnection } from "../../postgres/pool.ts";
import { quoteIdentifier } from "../../postgres/identifiers.ts";
import type { CopyTarget } from "../../query/model.ts";
import { excerpt, type RecordBatch, recordExcerpt, type Reject } from "../format/record.ts";
import type { Refusal } from "./all_or_nothing.ts";

type Connection = Pick<CallConnection, "rows" | "script" | "execute">;

/** A staged row that the merges do not take. */
export interface BadRow {
  number: number;
  refusal: Refusal;
}

/** The columns of the source and how a record of them is written there, for what a reject shows. */
export interface RecordForm {
  columns: readonly string[];
  lineOf: (values: readonly (string | null)[]) => string;
}

const stagingQuery = `select
    -- What would hold the table fast, or make a child of it another thing than it is.
    relation.relkind = 'r'
      and not exists (
        select
        from pg_catalog.pg_constraint as foreign_key
        where foreign_key.confrelid = relation.oid
      ) as is_plain,
    not relation.relrowsecurity
      and not relation.relhasrules
      and not relation.relispartition
      and not exists (
        select
        from pg_catalog.pg_constraint as foreign_key
        where foreign_key.conrelid = relation.oid
          and foreign_key.contype = 'f'
      )
      and not exists (
        select
        from pg_catalog.pg_trigger as own
        where own.tgrelid = relation.oid
          and not own.tgisinternal
      )
      and not exists (
        select
        from pg_catalog.pg_attribute as made
        where made.attrelid = relation.oid
          and (made.attidentity <> '' or made.attgenerated <> '')
      ) as may_inherit,
    (
      select pg_catalog.json_agg(attribute.attname order by attribute.attnum)
      from pg_catalog.pg_attribute as attribute
      where attribute.attrelid = relation.oid
        and attribute.attnum > 0
        and not attribute.attisdropped
        and attribute.attgenerated = ''
    ) as columns,
    (
      select pg_catalog.json_agg(other.relname)
      from pg_catalog.pg_class as other
      where other.relnamespace = relation.relnamespace
    ) as taken
  from pg_catalog.pg_class as relation
  where relation.relnamespace = pg_catalog.pg_my_temp_schema()
    and relation.relname = $1`;

/** Rows of a place's table are read so many at a time. */
const rowsAtOnce = 200;
const mostPassedOver = 4000;

export class StagedRows {
  /** Where the COPY goes, quoted. */
  readonly relation: string;
  /** As PostgreSQL's messages quote them: that table, and the file's own. */
  readonly #told: { copied: string; incoming: string };
  /** The file's own table, quoted. */
  readonly #incoming: string;
  readonly #places: string;
  readonly #number: string;
  /** All that can be written, quoted. */
  readonly #columns: readonly string[];
  readonly columns: ReadonlySet<string>;
  readonly #mayInherit: boolean;
  /** How many rows have been copied; they are numbered from 1. */
  count = 0;
  /** Line of the source less number, as the last place says. */
  #difference: number | null = null;
  /** Rows in the file of the file's own table, dead ones too. */
  #moved = 0;

  private constructor(
    table: string,
    columns: readonly string[],
    taken: readonly string[],
    mayInherit: boolean,
  ) {
    const temporary = (name: string) => `pg_temp.${quoteIdentifier(name)}`;
    this.#incoming = temporary(table);
    const copied = freeName(`${shortened(table)}_collected`, taken);
    this.relation = temporary(copied);
    this.#told = { copied: `"${copied}"`, incoming: `"${table}"` };
    this.#places = temporary(freeName(`${shortened(table)}_places`, taken));
    this.#number = quoteIdentifier(freeName("sqlwright_number", columns));
    this.#columns = columns.map(quoteIdentifier);
    this.columns = new Set(columns);
    this.#mayInherit = mayInherit;
  }

  /** What PostgreSQL says of its table, about the one that the file has. */
  named(refusal: Refusal): Refusal {
    const { copied, incoming } = this.#told;
    return { ...refusal, reason: refusal.reason.replaceAll(copied, incoming) };
  }

  /**
   * Null where the COPY does not go to an empty temporary table of the file.
   * @param isIndexed the merges make an index of the staging table or analyze it, which a child would have no
   * part in
   */
  static async open(
    connection: Connection,
    { schema, table }: Pick<CopyTarget, "schema" | "table">,
    isIndexed: boolean,
  ): Promise<StagedRows | null> {
    if (schema !== null) return null;
    const [found] = await connection.rows(stagingQuery, [table]);
    if (found === undefined || found.is_plain !== "t" || found.columns === null) return null;
    const columns: string[] = JSON.parse(found.columns!);
    const mayInherit = found.may_inherit === "t" && !isIndexed;
    const staged = new StagedRows(table, columns, JSON.parse(found.taken!), mayInherit);
    const [rows] = await connection.rows(`select exists (select from ${staged.#incoming}) as are_there`);
    if (rows?.are_there !== "f") return null;
    await connection.script(
      `create temporary table ${staged.relation}
         (like ${staged.#incoming} including all, ${staged.#number} bigserial) on commit drop;
       create temporary table ${staged.#places}
         (first_number bigint, first_line bigint, lines bigint[], bytes bigint[]) on commit drop`,
    );
    return staged;
  }

  /** What is to be run behind a run that was copied. Empty when its lines go on from the last. */
  kept(batch: RecordBatch, start: number, end: number): string {
    const first = this.count + 1;
    this.count += end - start;
    const line = batch.line(start);
    const isEven = batch.byte === null && batch.line(end - 1) - line === end - 1 - start;
    if (isEven && line - first === this.#difference) return "";
    this.#difference = isEven ? line - first : null;
    const array = (value: (index: number) => number) =>
      `'{${Array.from({ length: end - start }, (_, index) => value(start + index)).join(",")}}'`;
    const lines = isEven ? "null" : array(batch.line);
    const bytes = batch.byte === null ? "null" : array(batch.byte);
    return `insert into ${this.#places} values (${first}, ${line}, ${lines}, ${bytes}); `;
  }

  /** What is to be run behind a run that was undone: a sequence does not go back by itself. */
  undone(): string {
    const sequence = `pg_catalog.pg_get_serial_sequence('${this.relation.replaceAll("'", "''")}', '${
      this.#number.slice(1, -1)
    }')`;
    return `; select pg_catalog.setval(${sequence}, ${this.count + 1}, false)`;
  }

  /** All rows, for the merges. */
  async arrange(connection: Connection, signal: AbortSignal): Promise<void> {
    if (this.#mayInherit) {
      await connection.script(`alter table ${this.relation} inherit ${this.#incoming}`);
    } else await this.#move(connection, "", [], signal);
  }

  /**
   * What is to be run before a trial. Rows that a trial has brought stay in the table's file when they are
   * undone or deleted; a new file costs more than to pass over a few of them.
   */
  emptying(): string {
    if (this.#moved <= mostPassedOver) return "";
    this.#moved = 0;
    return `truncate ${this.#incoming}; `;
  }

  /** What is to be run behind a trial whose effects stay: its rows do not. */
  emptied(): string {
    return this.#moved > mostPassedOver ? "" : `delete from ${this.#incoming}; `;
  }

  /** Rows from one number to another, for the merges. @param left numbers of rows that are left out */
  async moveRange(
    connection: Connection,
    [first, last]: readonly [number, number],
    signal: AbortSignal,
    left: readonly number[] = [],
  ): Promise<void> {
    const others = left.length === 0 ? "" : ` and ${this.#number} <> all ($3::bigint[])`;
    const parameters = [String(first), String(last), ...(left.length === 0 ? [] : [`{${left.join(",")}}`])];
    const range = `where ${this.#number} between $1 and $2${others} order by ${this.#number}`;
    await this.#move(connection, range, parameters, signal);
  }

  async moveRows(connection: Connection, numbers: readonly number[], signal: AbortSignal): Promise<void> {
    const chosen = `where ${this.#number} = any ($1::bigint[]) order by ${this.#number}`;
    await this.#move(connection, chosen, [`{${numbers.join(",")}}`], signal);
  }

  async #move(
    connection: Connection,
    chosen: string,
    parameters: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const columns = this.#columns.join(", ");
    const { count } = await connection.execute(
      `insert into ${this.#incoming} (${columns}) overriding system value
       select ${columns} from ${this.relation} ${chosen}`,
      parameters,
      { signal, isPrepared: false },
    );
    this.#moved += count;
  }

  /** Before rows are looked up by number. */
  async index(connection: Connection, signal: AbortSignal): Promise<void> {
    await connection.execute(
      `create index if not exists sqlwright_number on ${this.relation} (${this.#number})`,
      [],
      { signal, isPrepared: false },
    );
  }

  async remove(connection: Connection, rows: readonly BadRow[], signal: AbortSignal): Promise<void> {
    await connection.execute(
      `delete from ${this.relation} where ${this.#number} = any ($1::bigint[])`,
      [`{${rows.map(({ number }) => number).join(",")}}`],
      { signal, isPrepared: false },
    );
  }

  /**
   * Rows that have the same values in these columns as one before them, with the first of them.
   * @param most so many at most
   */
  async repeated(
    connection: Connection,
    columns: readonly string[],
    most: number,
  ): Promise<{ first: number; number: number }[]> {
    const key = columns.map(quoteIdentifier).join(", ");
    const rows = await connection.rows(
      `select staged.first_number, staged.number
       from (
         select
           ${this.#number} as number,
           pg_catalog.min(${this.#number}) over (partition by ${key}) as first_number
         from ${this.relation}
       ) as staged
       where staged.number <> staged.first_number
       order by staged.number
       limit ${most}`,
    );
    return rows.map(({ first_number, number }) => ({ first: Number(first_number), number: Number(number) }));
  }

  /** Those of some rows that refer to a row which is neither in its table nor among them. */
  async parentless(
    connection: Connection,
    numbers: readonly number[],
    { columns, relation, parents }: {
      columns: readonly string[];
      relation: string;
      parents: readonly string[];
    },
  ): Promise<number[]> {
    const refersTo = (alias: string) =>
      parents.map((name, index) =>
        `${alias}.${quoteIdentifier(name)} = staged.${quoteIdentifier(columns[index]!)}`
      ).join(" and ");
    const isGiven = columns.map((name) => `staged.${quoteIdentifier(name)} is not null`).join(" and ");
    const rows = await connection.rows(
      `select staged.${this.#number} as number
       from ${this.relation} as staged
       where staged.${this.#number} = any ($1::bigint[])
         and ${isGiven}
         and not exists (select from ${relation} as parent where ${refersTo("parent")})
         and not exists (
           select
           from ${this.relation} as other
           where other.${this.#number} = any ($1::bigint[])
             and ${refersTo("other")}
         )`,
      [`{${numbers.join(",")}}`],
    );
    return rows.map(({ number }) => Number(number));
  }

  /** What a reject says of each row; in the order of the source. */
  async rejectsOf(
    connection: Connection,
    bad: readonly BadRow[],
    { columns, lineOf }: RecordForm,
  ): Promise<Reject[]> {
    const rows = bad.toSorted((one, other) => one.number - other.number);
    const rejects: Reject[] = [];
    const values = columns.map((name) => `pg_catalog.left(${quoteIdentifier(name)}::text, 1200)`).join(", ");
    for (let start = 0; start < rows.length; start += rowsAtOnce) {
      const part = rows.slice(start, start + rowsAtOnce);
      const found = await connection.rows(
        `select
           staged.${this.#number} as number,
           coalesce(
             place.lines[staged.${this.#number} - place.first_number + 1],
             place.first_line + staged.${this.#number} - place.first_number
           ) as line,
           place.bytes[staged.${this.#number} - place.first_number + 1] as byte,
           pg_catalog.to_json(array[${values}]::text[]) as values
         from ${this.relation} as staged
         cross join lateral (
           select place.first_number, place.first_line, place.lines, place.bytes
           from ${this.#places} as place
           where place.first_number <= staged.${this.#number}
           order by place.first_number desc
           limit 1
         ) as place
         where staged.${this.#number} = any ($1::bigint[])`,
        [`{${part.map(({ number }) => number).join(",")}}`],
      );
      const byNumber = new Map(found.map((row) => [Number(row.number), row]));
      for (const { number, refusal } of part) {
        const row = byNumber.get(number)!;
        const own: (string | null)[] = JSON.parse(row.values!);
        const value = refusal.column === null ? null : own[columns.indexOf(refusal.column)] ?? null;
        rejects.push({
          line: Number(row.line),
          byte: row.byte === null ? null : Number(row.byte),
          column: refusal.column,
          value: value === null ? null : excerpt(value),
          reason: refusal.reason,
          sqlstate: refusal.sqlstate,
          record: recordExcerpt(lineOf(own).replace(/\r?\n$/, "")),
        });
      }
    }
    return rejects;
  }
}

/** PostgreSQL cuts a name after 63 bytes. */
function shortened(name: string): string {
  const encoder = new TextEncoder();
  const characters = Array.from(name);
  while (encoder.encode(characters.join("")).length > 48) characters.pop();
  return characters.join("");
}

function freeName(wanted: string, taken: readonly string[]): string {
  let name = wanted;
  for (let number = 2; taken.includes(name); number++) name = `${wanted}_${number}`;
  return name;
}
