/**
 * Runs sqlwright's own query files on a connection that a caller holds, because a load is written down in the
 * load's own transaction. Names of arguments and columns are those of the files, by the types that `sqlwright
 * types` writes; values are PostgreSQL's text.
 */

import type { CallConnection, StatementOptions } from "../postgres/pool.ts";
import { writeArray } from "../postgres/types/literal.ts";
import type { Queries } from "./queries.ts";
import { type BookFile, type BookModule, bookStatement } from "./statements.ts";

type QueryOf<Module extends BookModule, File extends BookFile<Module>> = Queries[Module][File] extends
  { arguments: object; result: object } ? Queries[Module][File]
  : never;

/** Options of the tool that bookkeeping has no use for. */
type ToolOptions = "dry_run" | "max_affected" | "cursor" | "page_size";

export type ArgumentsOf<
  Module extends BookModule,
  File extends BookFile<Module>,
> = Omit<
  QueryOf<Module, File>["arguments"],
  ToolOptions
>;

type Answered<Result> = Result extends { rows: (infer Row)[] } ? Row
  : Result extends { rows?: (infer Row)[] } ? Row
  : Result extends { row: infer Row } ? NonNullable<Row>
  : Result extends { value: unknown } ? { value: unknown }
  : Result extends { report: unknown } ? { report: unknown }
  : never;

/** A row as PostgreSQL's text by the names of its columns. */
export type BookRow<Module extends BookModule, File extends BookFile<Module>> = {
  [Column in keyof Answered<QueryOf<Module, File>["result"]>]: string | null;
};

/** Runs a file for its rows. */
export async function bookRows<
  Module extends BookModule,
  File extends BookFile<Module>,
>(
  connection: Pick<CallConnection, "rows">,
  [module, file]: readonly [Module, File],
  args: ArgumentsOf<Module, File>,
): Promise<BookRow<Module, File>[]> {
  const { text, parameterNames } = await bookStatement(module, file);
  const rows: unknown = await connection.rows(
    text,
    parametersOf(parameterNames, args),
  );
  return rows as BookRow<Module, File>[];
}

/** Runs a file of one column for its first value; null without a row. */
export async function bookValue<
  Module extends BookModule,
  File extends BookFile<Module>,
>(
  connection: Pick<CallConnection, "execute">,
  [module, file]: readonly [Module, File],
  args: ArgumentsOf<Module, File>,
  options: Pick<StatementOptions, "signal"> = {},
): Promise<string | null> {
  const { text, parameterNames } = await bookStatement(module, file);
  let value: string | null = null;
  await connection.execute(text, parametersOf(parameterNames, args), {
    ...options,
    onRow: (row) => void (value ??= row[0] ?? null),
  });
  return value;
}

/** Runs a file for what it changes. @returns how many rows */
export async function bookWrite<
  Module extends BookModule,
  File extends BookFile<Module>,
>(
  connection: Pick<CallConnection, "execute">,
  [module, file]: readonly [Module, File],
  args: ArgumentsOf<Module, File>,
  options: Pick<StatementOptions, "signal"> = {},
): Promise<number> {
  const { text, parameterNames } = await bookStatement(module, file);
  const { count } = await connection.execute(
    text,
    parametersOf(parameterNames, args),
    options,
  );
  return count;
}

/** Streams bytes into the COPY of a file. @returns how many rows */
export async function bookCopy<Module extends BookModule>(
  connection: Pick<CallConnection, "copyFrom">,
  [module, file]: readonly [Module, BookFile<Module>],
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<number> {
  const { text } = await bookStatement(module, file);
  return await connection.copyFrom(text, bytes, signal);
}

/** Values by number; what is no argument is a field of `rows`, and an array of it. */
function parametersOf(
  names: readonly string[],
  args: object,
): (string | null)[] {
  const values = args as Record<string, unknown>;
  const rows = (values.rows ?? []) as readonly Record<string, unknown>[];
  return names.map((name) =>
    Object.hasOwn(values, name)
      ? textOf(values[name])
      : "rows" in values
      ? writeArray(rows.map((row) => textOf(row[name])))
      : null
  );
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
