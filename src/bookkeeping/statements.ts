/**
 * The query files with which sqlwright keeps its own books, as statements: `sql/ledger` and `sql/uploads`. A
 * file is read and lexed when it is first used, so a start pays for none of them. PostgreSQL's parser is not
 * needed for that: a test proves the files as `check` does, and their text is part of the program.
 */

import type { Queries } from "./queries.ts";
import { parseHeader } from "../query/header/header.ts";
import { splitStatements, tokenize } from "../query/lexer.ts";
import { indexPlaces } from "../query/source_text.ts";

/** A module of the bookkeeping, and a file of it. */
export type BookModule = keyof Queries;
export type BookFile<Module extends BookModule> =
  & keyof Queries[Module]
  & string;

/**
 * Each file by a literal, so that it is in the graph of imports: it needs no permission to be read and comes
 * with every package.
 */
const files: {
  readonly [Module in BookModule]: Readonly<
    Record<BookFile<Module>, () => Promise<Text>>
  >;
} = {
  ledger: {
    find_load: () => import("../../sql/ledger/find_load.sql", { with: { type: "text" } }),
    forget_rejects: () => import("../../sql/ledger/forget_rejects.sql", { with: { type: "text" } }),
    ledger_access: () => import("../../sql/ledger/ledger_access.sql", { with: { type: "text" } }),
    record_load: () => import("../../sql/ledger/record_load.sql", { with: { type: "text" } }),
    record_rejects: () => import("../../sql/ledger/record_rejects.sql", { with: { type: "text" } }),
    reject_document: () =>
      import("../../sql/ledger/reject_document.sql", {
        with: { type: "text" },
      }),
    take_load_turn: () => import("../../sql/ledger/take_load_turn.sql", { with: { type: "text" } }),
  },
  uploads: {
    delete_expired: () =>
      import("../../sql/uploads/delete_expired.sql", {
        with: { type: "text" },
      }),
    extend: () => import("../../sql/uploads/extend.sql", { with: { type: "text" } }),
    find: () => import("../../sql/uploads/find.sql", { with: { type: "text" } }),
    finish: () => import("../../sql/uploads/finish.sql", { with: { type: "text" } }),
    read_part: () => import("../../sql/uploads/read_part.sql", { with: { type: "text" } }),
    remove: () => import("../../sql/uploads/remove.sql", { with: { type: "text" } }),
    reserve: () => import("../../sql/uploads/reserve.sql", { with: { type: "text" } }),
    reserved_bytes: () =>
      import("../../sql/uploads/reserved_bytes.sql", {
        with: { type: "text" },
      }),
    take_space_turn: () =>
      import("../../sql/uploads/take_space_turn.sql", {
        with: { type: "text" },
      }),
    write_parts: () => import("../../sql/uploads/write_parts.sql", { with: { type: "text" } }),
  },
};

interface Text {
  default: string;
}

export interface BookStatement {
  /** With `$1`, `$2` … in place of the names. */
  text: string;
  /** Names by number. */
  parameterNames: readonly string[];
}

/** Texts that never change while the program runs. */
const known = new Map<string, Promise<BookStatement>>();

export function bookStatement<Module extends BookModule>(
  module: Module,
  file: BookFile<Module>,
): Promise<BookStatement> {
  const path = `${module}/${file}`;
  const statement = known.get(path) ??
    files[module][file]().then((text) => readStatement(path, text.default));
  known.set(path, statement);
  return statement;
}

function readStatement(path: string, source: string): BookStatement {
  const ignore = () => {};
  const placeAt = indexPlaces(source);
  const { bodyStart } = parseHeader(source, placeAt, ignore, {
    moduleDefaults: null,
  });
  const [only, ...more] = splitStatements(
    source,
    tokenize(source, bodyStart, placeAt, ignore),
    placeAt,
  );
  if (only === undefined || more.length > 0) {
    throw new TypeError(`sql/${path}.sql is not one statement`);
  }
  return { text: only.text, parameterNames: only.parameterNames };
}
