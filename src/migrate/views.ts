/**
 * Deploys `:view` files: the views that tools read and build on. A file that is deployed already is left
 * alone, so that a start does not lock views that are in use. Columns take the texts of the columns they come
 * from.
 */

import { SqlwrightError } from "../errors.ts";
import { isBookThere } from "./access.ts";
import { noNamespace } from "./applied.ts";
import { sha256 } from "./files.ts";
import { type DeployableFile, sqlstateOf } from "./objects.ts";
import type { MigrationSession, Script, ScriptStatement } from "./model.ts";
import { scriptError, splitScript } from "./script.ts";

export interface ViewFile {
  /** Relative to the SQL directory. */
  path: string;
  /** The whole file: its header is a comment. */
  text: string;
  /** COMMENT ON VIEW: the tool's title. */
  comment?: string;
  /** Texts of columns, from `@column` tags; they go before those of the columns that the view reads. */
  columns?: readonly { name: string; text: string }[];
}

interface ParsedView extends Script {
  file: ViewFile;
  /** With schema, quoted. */
  name: string;
  statement: ScriptStatement;
}

const invalidTableDefinition = "42P16";

/**
 * Views that are new, have changed, or are not in the database any more. Rows without a namespace count as
 * well: versions before 0.2 wrote no other, and so do query files outside of a project.
 */
export async function staleViews(
  session: MigrationSession,
  namespace: string,
  views: readonly ViewFile[],
): Promise<ViewFile[]> {
  if (!await isBookThere(session, "view")) return [...views];
  const rows = await session.run(
    `select view.path, view.sha256
     from sqlwright.view as view
     where coalesce(pg_catalog.to_jsonb(view) ->> 'namespace', '') in ($1, '')
       and to_regclass(view.view_name) is not null`,
    [namespace],
  );
  const deployed = new Set(rows.map(({ path, sha256 }) => `${path} ${sha256}`));
  return views.filter((view) => !deployed.has(`${view.path} ${hashOf(view)}`));
}

/** Rows of these files that have no namespace become the project's. */
export async function adoptViews(
  session: MigrationSession,
  namespace: string,
  views: readonly ViewFile[],
): Promise<void> {
  if (namespace === noNamespace) return;
  await session.run(
    `update sqlwright.view as view
     set namespace = $1
     where view.namespace = ''
       and view.path in (select pg_catalog.json_array_elements_text($2::text::json))
       and not exists (
         select
         from sqlwright.view as other
         where other.namespace = $1
           and other.path = view.path
       )`,
    [namespace, JSON.stringify(views.map(({ path }) => path))],
  );
}

/** @throws {SqlwrightError} `migration.failed` for a file that is not one view */
export async function prepareView(file: ViewFile, namespace: string): Promise<DeployableFile> {
  const script = { path: file.path, text: file.text };
  const [statement, ...more] = await splitScript(script);
  if (statement?.nodeType !== "ViewStmt" || more.length > 0) {
    const at = (more[0] ?? statement)?.offset ?? 0;
    throw scriptError(script, at, "a view file is one `create or replace view` statement");
  }
  const { schemaname, relname } = statement.tree.view as { schemaname?: string; relname: string };
  const name = [schemaname, relname].filter((part) => part !== undefined).map(quote).join(".");
  const view = { ...script, file, name, statement };
  return { kind: "view", path: file.path, deploy: (session) => deploy(session, view, namespace) };
}

async function deploy(session: MigrationSession, view: ParsedView, namespace: string): Promise<void> {
  try {
    await session.runStatement(view, view.statement);
  } catch (error) {
    if (!(error instanceof SqlwrightError) || sqlstateOf(error) !== invalidTableDefinition) throw error;
    throw new SqlwrightError("migration.failed", error.message, {
      details: error.details,
      hint: `Postgres can only append columns to a view: drop ${view.name} in a migration, ` +
        "it is made again right after",
      cause: error,
    });
  }
  await comment(session, view);
  await session.run(
    `insert into sqlwright.view as view (namespace, path, view_name, sha256) values ($1, $2, $3, $4)
     on conflict (namespace, path) do update
     set view_name = excluded.view_name, sha256 = excluded.sha256, deployed_at = now()`,
    [namespace, view.path, view.name, hashOf(view.file)],
  );
}

function hashOf({ text, comment = "", columns = [] }: ViewFile): string {
  const texts = columns.map(({ name, text }) => [name, text]);
  return sha256(JSON.stringify([text.replaceAll("\r\n", "\n"), comment, texts]));
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
       select
         origin.name,
         coalesce(nullif(origin.text, ''), col_description(origin.table, origin.number)) as comment
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
