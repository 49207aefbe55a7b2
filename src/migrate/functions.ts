/**
 * Deploys the functions of a project: `functions/*.sql`, each file one or more `create or replace function`,
 * `procedure` or `aggregate` with their comments and grants. A change is a diff of the file, not a copy in a
 * new migration.
 *
 * What a file made is written down. When it no longer makes a function, because the arguments or the name
 * changed, the old one is dropped if nothing depends on it. What nobody wrote down here is never dropped, nor
 * what a file made that is gone: an older copy of a project must not take away what a newer one has brought.
 */

import { SqlwrightError } from "../errors.ts";
import { isBookThere } from "./access.ts";
import { isTrue } from "./applied.ts";
import { readScript, sha256 } from "./files.ts";
import { attempt, type DeployableFile, sqlstateOf } from "./objects.ts";
import type { MigrationSession, Script, ScriptStatement } from "./model.ts";
import { scriptError, splitScript } from "./script.ts";

export interface FunctionFile {
  /** Relative to the folder of functions. */
  path: string;
  /** As errors name it, such as `functions/keep_totals.sql`. */
  shownAs: string;
  text: string;
}

/** A row of `sqlwright.function`. */
export interface DeployedFunctions {
  path: string;
  sha256: string;
  /** What the file made and is still there, such as `shop.total(pg_catalog.int4)`. */
  routines: string[];
  /** What the file made and is gone. */
  lost: string[];
}

/**
 * The function files of a folder, also in folders inside of it, by their paths; none where it does not exist.
 */
export async function readFunctions(directory: string, shownAs: string): Promise<FunctionFile[]> {
  const files: FunctionFile[] = [];
  async function walk(folder: string): Promise<void> {
    for await (const entry of Deno.readDir(`${directory}/${folder}`)) {
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory && !entry.name.startsWith(".")) await walk(`${path}/`);
      else if (entry.name.endsWith(".sql") && !entry.name.startsWith(".")) {
        const text = await readScript(`${directory}/${path}`);
        files.push({ path, shownAs: `${shownAs}/${path}`, text });
      }
    }
  }
  try {
    await walk("");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound && files.length === 0) return [];
    throw new SqlwrightError("migration.failed", `Cannot read functions "${directory}": ${reasonOf(error)}`, {
      details: { directory },
      hint: "Give the user that runs sqlwright the right to read the folder and its files",
      cause: error,
    });
  }
  return files.sort((one, other) => one.path < other.path ? -1 : 1);
}

/** What is written down of a project's functions; nothing where sqlwright was never here. */
export async function readDeployedFunctions(
  session: MigrationSession,
  namespace: string,
): Promise<DeployedFunctions[]> {
  if (!await isBookThere(session, "function")) return [];
  const rows = await session.run(
    `select
       function.path,
       function.sha256,
       made.name as routine,
       to_regprocedure(made.name) is not null as is_there
     from sqlwright.function as function
     left join lateral unnest(function.routines) as made (name) on true
     where function.namespace = $1
     order by function.path, made.name`,
    [namespace],
  );
  const files = new Map<string, DeployedFunctions>();
  for (const row of rows) {
    const path = String(row.path);
    const file = files.get(path) ?? { path, sha256: String(row.sha256), routines: [], lost: [] };
    files.set(path, file);
    if (row.routine !== null) (isTrue(row.is_there) ? file.routines : file.lost).push(String(row.routine));
  }
  return [...files.values()];
}

/**
 * Files that are new, have changed, lack something that they made, or whose functions the migrations of this
 * run name.
 */
export function staleFunctions(
  files: readonly FunctionFile[],
  deployed: readonly DeployedFunctions[],
  migrations: readonly Script[],
): FunctionFile[] {
  const byPath = new Map(deployed.map((row) => [row.path, row]));
  return files.filter(({ path, text }) => {
    const row = byPath.get(path);
    if (row === undefined || row.lost.length > 0 || row.sha256 !== sha256(text)) return true;
    return row.routines.some((routine) => migrations.some(({ text }) => text.includes(plainName(routine))));
  });
}

/** Functions that are still there although their file is gone, by that file. */
export function leftOverFunctions(
  files: readonly FunctionFile[],
  deployed: readonly DeployedFunctions[],
): { path: string; routines: string[] }[] {
  const paths = new Set(files.map(({ path }) => path));
  const present = new Set(deployed.filter(({ path }) => paths.has(path)).flatMap(({ routines }) => routines));
  return deployed
    .filter(({ path }) => !paths.has(path))
    .map(({ path, routines }) => ({ path, routines: routines.filter((routine) => !present.has(routine)) }))
    .filter(({ routines }) => routines.length > 0);
}

/** The functions of one run: what each file has made so far, and what is to be dropped at its end. */
export class FunctionRun {
  readonly #namespace: string;
  readonly #files: readonly FunctionFile[];
  readonly #deployed: readonly DeployedFunctions[];
  /** The file that makes each routine, of this run and before it. */
  readonly #makers = new Map<string, string>();
  readonly #obsolete: { file: FunctionFile; routine: string }[] = [];

  constructor(namespace: string, files: readonly FunctionFile[], deployed: readonly DeployedFunctions[]) {
    this.#namespace = namespace;
    this.#files = files;
    this.#deployed = deployed;
  }

  /** @throws {SqlwrightError} `migration.failed` at the place of what a function file may not hold */
  async prepare(file: FunctionFile): Promise<DeployableFile> {
    const parsed = await parseFunctions(file);
    return { kind: "function", path: file.path, deploy: (session) => this.#deploy(session, parsed) };
  }

  /**
   * Drops what changed files made before and make no more, once all functions and views are as they are to
   * be.
   */
  async dropObsolete(session: MigrationSession, stale: ReadonlySet<string>): Promise<void> {
    for (const { path, routines } of this.#deployed) {
      if (!stale.has(path)) { for (const routine of routines) this.#makers.set(routine, path); }
    }
    for (const { file, routine } of this.#obsolete) {
      if (this.#makers.has(routine)) continue;
      const error = await attempt(session, () => dropRoutine(session, routine));
      if (error === null) continue;
      throw new SqlwrightError(
        "migration.failed",
        `Cannot deploy "${file.shownAs}": it no longer makes ${routine}, which is still needed: ${
          reasonOf(error)
        }`,
        {
          details: { file: file.shownAs, routine, sqlstate: sqlstateOf(error) },
          hint: "Drop or change what depends on it in a migration, or keep the function in the file as well",
          cause: error,
        },
      );
    }
  }

  /**
   * Forgets files that are gone and whose functions are gone too, or belong to another file now.
   * @returns the functions that are still there
   */
  async forgetGone(session: MigrationSession): Promise<{ path: string; routines: string[] }[]> {
    const leftOver = leftOverFunctions(this.#files, await readDeployedFunctions(session, this.#namespace));
    const kept = new Set([...this.#files, ...leftOver].map(({ path }) => path));
    for (const { path } of this.#deployed) {
      if (kept.has(path)) continue;
      await session.run("delete from sqlwright.function where namespace = $1 and path = $2", [
        this.#namespace,
        path,
      ]);
    }
    return leftOver;
  }

  async #deploy(session: MigrationSession, parsed: ParsedFunctions): Promise<void> {
    const { file, names } = parsed;
    const before = await readRoutines(session, names);
    await this.#runStatements(session, parsed);
    const after = await readRoutines(session, names);
    const made = [...after].filter(([oid, { row }]) => before.get(oid)?.row !== row).map(([, { name }]) =>
      name
    );
    for (const routine of made) {
      const other = this.#makers.get(routine);
      if (other !== undefined && other !== file.path) {
        throw new SqlwrightError(
          "migration.failed",
          `Cannot deploy "${file.shownAs}": it makes ${routine}, and so does "${other}"`,
          { details: { file: file.shownAs, other, routine }, hint: "Keep the function in one file" },
        );
      }
      this.#makers.set(routine, file.path);
    }
    const former = this.#deployed.find(({ path }) => path === file.path)?.routines ?? [];
    for (const routine of former) if (!made.includes(routine)) this.#obsolete.push({ file, routine });
    await session.run(
      `insert into sqlwright.function as function (namespace, path, routines, sha256)
       values ($1, $2, array(select pg_catalog.json_array_elements_text($3::text::json)), $4)
       on conflict (namespace, path) do update
       set routines = excluded.routines, sha256 = excluded.sha256, deployed_at = now()`,
      [this.#namespace, file.path, JSON.stringify(made), sha256(file.text)],
    );
  }

  /**
   * PostgreSQL does not replace a function by one with another answer: then the old one is dropped, where it
   * came from here.
   */
  async #runStatements(session: MigrationSession, parsed: ParsedFunctions): Promise<void> {
    const runAll = async () => {
      for (const statement of parsed.statements) await session.runStatement(parsed.script, statement);
    };
    const error = await attempt(session, runAll);
    if (error === null) return;
    if (!irreplaceable.has(sqlstateOf(error))) throw error;
    const refusals: unknown[] = [];
    let dropped = 0;
    const names = new Set(parsed.names.map(({ schema, name }) => `${schema}.${name}`));
    for (const { routines } of this.#deployed) {
      for (const routine of routines) {
        if (!names.has(plainName(routine))) continue;
        const refusal = await attempt(session, () => dropRoutine(session, routine));
        if (refusal === null) dropped++;
        else refusals.push(refusal);
      }
    }
    const again = dropped === 0 ? error : await attempt(session, runAll);
    if (again === null) return;
    const [refusal] = refusals;
    const because = refusal === undefined ? "" : `; ${reasonOf(refusal)}`;
    const { message, details } = again as SqlwrightError;
    throw new SqlwrightError("migration.failed", `${message}${because}`, {
      details,
      hint: refusal === undefined
        ? "It was not made from this folder: drop it in a migration, it is made again right after"
        : "Drop or change what depends on it in a migration, the function is made again right after",
      cause: again,
    });
  }
}

/** Cannot change the answer, names of arguments, or kind of an existing function. */
const irreplaceable = new Set(["42P13", "42809"]);

interface RoutineName {
  schema: string;
  name: string;
}

interface ParsedFunctions {
  file: FunctionFile;
  script: Script;
  statements: ScriptStatement[];
  names: RoutineName[];
}

const routineKinds = new Set(["OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE", "OBJECT_AGGREGATE"]);
const allowedWords =
  "create or replace function, procedure or aggregate, and comments, grants and alterations of them";

async function parseFunctions(file: FunctionFile): Promise<ParsedFunctions> {
  const script = { path: file.shownAs, text: file.text };
  const statements = await splitScript(script);
  const names: RoutineName[] = [];
  for (const statement of statements) {
    const at = statement.offset + statement.text.length - statement.text.trimStart().length;
    const parts = createdName(statement);
    if (parts === null) {
      if (isAboutRoutine(statement)) continue;
      throw scriptError(script, at, `a function file holds ${allowedWords}`, {
        hint: "Put everything else into a migration",
      });
    }
    if (statement.tree.replace !== true) {
      throw scriptError(script, at, "a function file runs again whenever it changes", {
        hint: "Write `create or replace`",
      });
    }
    const [schema, name] = parts;
    if (schema === undefined || name === undefined) {
      throw scriptError(script, at, `the function "${parts[0]}" has no schema`, {
        hint: `Write it with its schema, such as shop.${parts[0]}`,
      });
    }
    names.push({ schema, name });
  }
  if (names.length === 0) {
    throw scriptError(script, 0, "it makes no function", { hint: `A function file holds ${allowedWords}` });
  }
  return { file, script, statements, names };
}

/** Schema and name of the function that a statement makes; null for other statements. */
function createdName({ nodeType, tree }: ScriptStatement): string[] | null {
  const parts = nodeType === "CreateFunctionStmt"
    ? tree.funcname
    : nodeType === "DefineStmt" && tree.kind === "OBJECT_AGGREGATE"
    ? tree.defnames
    : null;
  if (!Array.isArray(parts)) return null;
  return parts.map((part: { String?: { sval?: string } }) => part.String?.sval ?? "");
}

function isAboutRoutine({ nodeType, tree }: ScriptStatement): boolean {
  switch (nodeType) {
    case "CommentStmt":
    case "GrantStmt":
    case "AlterFunctionStmt":
      return routineKinds.has(String(tree.objtype));
    case "AlterOwnerStmt":
      return routineKinds.has(String(tree.objectType));
    default:
      return false;
  }
}

/** All functions of these names, by OID; `row` is another after every replacement. */
async function readRoutines(
  session: MigrationSession,
  names: readonly RoutineName[],
): Promise<Map<string, { name: string; row: string }>> {
  const rows = await session.run(
    `select
       routine.oid::text as oid,
       routine.ctid::text || routine.xmin::text as row,
       format('%I.%I(%s)', namespace.nspname, routine.proname, (
         select string_agg(
           format('%I.%I', type_namespace.nspname, type.typname),
           ', ' order by argument.position
         )
         from unnest(routine.proargtypes::oid[]) with ordinality as argument (type, position)
         join pg_catalog.pg_type as type on type.oid = argument.type
         join pg_catalog.pg_namespace as type_namespace on type_namespace.oid = type.typnamespace
       )) as name
     from json_to_recordset($1::text::json) as wanted (schema text, name text)
     join pg_catalog.pg_namespace as namespace on namespace.nspname = wanted.schema
     join pg_catalog.pg_proc as routine
       on routine.pronamespace = namespace.oid
       and routine.proname = wanted.name`,
    [JSON.stringify(names)],
  );
  return new Map(rows.map(({ oid, row, name }) => [String(oid), { name: String(name), row: String(row) }]));
}

async function dropRoutine(session: MigrationSession, routine: string): Promise<void> {
  await session.run(`drop routine if exists ${routine}`);
}

/** `shop.total` of `shop.total(pg_catalog.int4)`, without the quotes of names that need them. */
function plainName(routine: string): string {
  return routine.slice(0, routine.lastIndexOf("(")).replaceAll('"', "");
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (!(error instanceof SqlwrightError)) return (error as Error).message;
  const { detail } = error.details;
  return typeof detail === "string" ? detail : error.message;
}
