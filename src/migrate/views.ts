/**
 * Deploys `:view` files: the views that tools read and build on.
 *
 * All in one transaction, in whatever order their references need: a view that fails because another one is not there
 * yet is tried again after the others, until no view gets further. A file that is deployed already is left alone, so that a
 * start does not lock views that are in use. Columns take the texts of the columns they come from.
 */

import { SqlwrightError } from "../errors.ts";
import type { Log } from "../log.ts";
import {
  createBookkeeping,
  isTrue,
  type MigrationSession,
  type MigrationTarget,
  type SessionOptions,
  withMigrationSession,
} from "./session.ts";
import { sha256 } from "./migrate.ts";
import { type Script, scriptError, type ScriptStatement, splitScript } from "./script.ts";

export interface ViewFile {
  /** Relative to the SQL directory. */
  path: string;
  /** The whole file: its header is a comment. */
  text: string;
  /** COMMENT ON VIEW: the tool's title. */
  comment?: string;
  /** Texts of columns, from `@column` tags; they go before those of the columns behind. */
  columns?: readonly { name: string; text: string }[];
}

/**
 * @returns paths of the files that were new or had changed, in the order they were deployed
 * @throws {SqlwrightError} `migration.failed` with file, line, column and SQLSTATE; nothing is deployed then
 */
export async function deployViews(
  target: MigrationTarget,
  views: readonly ViewFile[],
  options: SessionOptions = {},
): Promise<{ changed: string[] }> {
  return await withMigrationSession(target, options, async (session) => {
    await createBookkeeping(session);
    const stale = await staleViews(session, views);
    if (stale.length === 0) return { changed: [] };
    const waiting = await Promise.all(stale.map(parseView));
    const changed = await session.inTransaction(() => deployAll(session, waiting, options.log));
    return { changed };
  });
}

interface ParsedView extends Script {
  file: ViewFile;
  sha256: string;
  /** With schema, quoted. */
  name: string;
  statement: ScriptStatement;
}

/** Undefined table, function, column: what a view that is still to come can mend. */
const mendable = new Set(["42P01", "42883", "42703"]);
const invalidTableDefinition = "42P16";

async function staleViews(session: MigrationSession, views: readonly ViewFile[]): Promise<ViewFile[]> {
  const rows = await session.run(
    "select path, sha256, to_regclass(view_name) is not null as is_there from sqlwright.view",
  );
  const deployed = new Map(
    rows.map(({ path, sha256, is_there }) => [path, isTrue(is_there) ? sha256 : null]),
  );
  return views.filter((view) => deployed.get(view.path) !== hashOf(view));
}

function hashOf({ text, comment = "", columns = [] }: ViewFile): string {
  const texts = columns.map(({ name, text }) => [name, text]);
  return sha256(JSON.stringify([text.replaceAll("\r\n", "\n"), comment, texts]));
}

async function parseView(file: ViewFile): Promise<ParsedView> {
  const script = { path: file.path, text: file.text };
  const [statement, ...more] = await splitScript(script);
  if (statement?.nodeType !== "ViewStmt" || more.length > 0) {
    const at = (more[0] ?? statement)?.offset ?? 0;
    throw scriptError(script, at, "a view file is one `create or replace view` statement");
  }
  const { schemaname, relname } = statement.tree.view as { schemaname?: string; relname: string };
  const name = [schemaname, relname].filter((part) => part !== undefined).map(quote).join(".");
  return { ...script, file, sha256: hashOf(file), name, statement };
}

async function deployAll(
  session: MigrationSession,
  views: readonly ParsedView[],
  log?: Log,
): Promise<string[]> {
  const done: string[] = [];
  let waiting = views;
  while (waiting.length > 0) {
    const failed: { view: ParsedView; error: unknown }[] = [];
    for (const view of waiting) {
      const error = await deploy(session, view);
      if (error === null) {
        done.push(view.path);
        log?.info("view.deployed", { view: view.name, path: view.path });
      } else failed.push({ view, error });
    }
    const [first] = failed;
    if (first !== undefined && failed.length === waiting.length) throw first.error;
    waiting = failed.map(({ view }) => view);
  }
  return done;
}

/** @returns the error when another view may mend it, else null */
async function deploy(session: MigrationSession, view: ParsedView): Promise<unknown> {
  await session.run("savepoint deploy_view");
  try {
    await session.runStatement(view, view.statement);
  } catch (error) {
    const sqlstate = error instanceof SqlwrightError ? error.details.sqlstate : null;
    if (error instanceof SqlwrightError && sqlstate === invalidTableDefinition) {
      throw new SqlwrightError("migration.failed", error.message, {
        details: error.details,
        hint:
          `Postgres can only append columns to a view: drop ${view.name} in a migration, it is made again right after`,
        cause: error,
      });
    }
    if (typeof sqlstate !== "string" || !mendable.has(sqlstate)) throw error;
    await session.run("rollback to savepoint deploy_view");
    return error;
  }
  await session.run("release savepoint deploy_view");
  await comment(session, view);
  await session.run(
    `insert into sqlwright.view as view (path, view_name, sha256) values ($1, $2, $3)
     on conflict (path) do update
     set view_name = excluded.view_name, sha256 = excluded.sha256, deployed_at = now()`,
    [view.path, view.name, view.sha256],
  );
  return null;
}

/** Describe names the column behind each output column; its comment holds for the view's column too. */
async function comment(session: MigrationSession, { name, file }: ParsedView): Promise<void> {
  const own = new Map((file.columns ?? []).map(({ name, text }) => [name, text]));
  const [found] = await session.run("select pg_get_viewdef($1::text::regclass) as definition", [name]);
  const columns = (await session.describe(String(found?.definition)))
    .map(({ name, table, number }) => ({ name, table, number, text: own.get(name) ?? "" }));
  const comments = await session.run(
    `select format('comment on column %s.%I is %L', $1::text, source.name, source.comment) as statement
     from (
       select origin.name, coalesce(nullif(origin.text, ''), col_description(origin.table, origin.number)) as comment
       from json_to_recordset($2::text::json) as origin (name text, "table" oid, number integer, text text)
     ) as source
     where source.comment is not null
     union all
     select format('comment on view %s is %L', $1, $3::text)
     where $3 <> ''`,
    [name, JSON.stringify(columns), file.comment ?? ""],
  );
  for (const { statement } of comments) await session.run(String(statement));
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
