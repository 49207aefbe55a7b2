/**
 * What stands between SEC's files and the `:copy` query files: a file comes in as bytes under SEC's own path,
 * and goes out as steps, each the rows for one query file. Parsers know neither network nor disk nor
 * database; whoever has the bytes calls `parseSourceFile` of `parse.ts` and streams each step's batches into
 * its query.
 */

/** One row as PostgreSQL's text, in the order of the step's columns; null is NULL. */
export type Row = (string | null)[];

/** The query files of the module edgar that take rows of SEC's files. */
export type LoadQuery =
  | "add_companies"
  | "load_companies"
  | "load_concepts"
  | "load_documents"
  | "load_facts"
  | "load_fund_classes"
  | "load_fund_holdings"
  | "load_fund_reports"
  | "load_index"
  | "load_insider_transactions"
  | "load_statement_numbers"
  | "load_statement_presentations"
  | "load_statement_submissions"
  | "load_statement_tags"
  | "load_submissions"
  | "load_tickers";

/**
 * What one source file brings for one query file. Steps run in order: what comes later refers to what came
 * before. A step's batches can be read once, and are read to their end before the next step is asked for,
 * because both may come from one stream. An error that a parser finds late is thrown by the batches, so rows
 * of a file count only when all its steps are through.
 */
export interface LoadStep {
  query: LoadQuery;
  columns: readonly string[];
  batches: AsyncIterable<Row[]> | Iterable<Row[]>;
}
