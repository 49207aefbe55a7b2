/**
 * What no query file may do unless it says why: statements and functions that read or write outside of the
 * tables, change the session for the next caller, run SQL out of a string, or only wait.
 */
import type { Node } from "../parser/parse_tree.ts";

/** Why a statement is forbidden, or null. */
export function explainForbiddenStatement(nodeType: string, tree: Node): string | null {
  if (nodeType === "CopyStmt") {
    if (tree.is_program === true) return "COPY with a program runs a command on the database server";
    if (typeof tree.filename === "string") return "COPY with a file name uses a file of the database server";
    return null;
  }
  return forbiddenStatements.get(nodeType) ?? null;
}

/** Why calling a function is forbidden, or null. `parts` is its name with its schema. */
export function explainForbiddenFunction(parts: readonly string[]): string | null {
  const name = parts.at(-1) ?? "";
  const schema = parts.at(-2);
  if (/^dblink/.test(name)) return "opens another database connection";
  // A function in another schema is the owner's own.
  if (schema !== undefined && schema !== "pg_catalog" && schema !== "public") return null;
  return forbiddenFunctions.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

const forbiddenStatements: ReadonlyMap<string, string> = new Map([
  ["AlterDatabaseSetStmt", "ALTER DATABASE changes the server"],
  ["AlterRoleSetStmt", "ALTER ROLE changes the server"],
  ["AlterSystemStmt", "ALTER SYSTEM changes the server"],
  ["CheckPointStmt", "CHECKPOINT is for the operator"],
  ["ClosePortalStmt", "Cursors are the server's own"],
  ["ConstraintsSetStmt", "SET CONSTRAINTS changes the transaction"],
  ["DeallocateStmt", "Prepared statements are the server's own"],
  ["DeclareCursorStmt", "Cursors are the server's own"],
  ["DiscardStmt", "DISCARD changes the session for the next caller"],
  ["DoStmt", "DO runs code that nothing here can check"],
  ["ExecuteStmt", "Prepared statements are the server's own"],
  ["FetchStmt", "Cursors are the server's own"],
  ["ListenStmt", "LISTEN changes the session for the next caller"],
  ["LoadStmt", "LOAD puts a library into the database server"],
  ["LockStmt", "LOCK stops other callers"],
  ["NotifyStmt", "NOTIFY reaches beyond the call"],
  ["PrepareStmt", "Prepared statements are the server's own"],
  ["TransactionStmt", "The server begins and ends every transaction itself"],
  ["UnlistenStmt", "UNLISTEN changes the session for the next caller"],
  ["VariableSetStmt", "SET and RESET change settings that guard the call"],
]);

const runsText = "runs SQL out of a string";
const forbiddenFunctions: readonly (readonly [RegExp, string])[] = [
  [
    /^pg_(read_(binary_)?file(_all)?|stat_file|ls_.*|file_.*|logdir_ls)$/,
    "reads or writes files of the database server",
  ],
  [/^(lo_.*|loread|lowrite|be_lo.*)$/, "works on large objects and files of the database server"],
  [/^set_config$/, "changes settings that guard the call"],
  [/^pg_sleep(_for|_until)?$/, "only waits"],
  [/^pg_(terminate|cancel)_backend$/, "stops other callers"],
  [
    /^pg_(reload_conf|rotate_logfile(_old)?|promote|switch_wal|create_restore_point|wal_replay_.*)$/,
    "is for the operator",
  ],
  [/^pg_(backup_(start|stop)|(start|stop)_backup|log_backend_memory_contexts)$/, "is for the operator"],
  [/^pg_(stat_reset.*|logical_.*|replication_.*)$/, "is for the operator"],
  [/^pg_((create|drop|copy)_.*replication_slot|sync_replication_slots)$/, "is for the operator"],
  [/^pg_import_system_collations$/, "writes to the catalogue, even in a read-only transaction"],
  [/^pg_notify$/, "reaches beyond the call"],
  [/^pg_(try_)?advisory_(lock|unlock)(_shared|_all)?$/, "holds a lock beyond the transaction"],
  [/^(query|cursor|table|schema|database)_to_xml.*$/, runsText],
  [/^(ts_stat|crosstab[234n]?|connectby|xpath_table)$/, runsText],
];
