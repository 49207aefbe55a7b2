/** The migration files of a folder: their names, numbers and texts. */

import { createHash } from "node:crypto";
import { SqlwrightError } from "../errors.ts";
import type { Script } from "./model.ts";

/** One list of migrations: sqlwright's own, or a project's. */
export interface MigrationList {
  /** Whose they are in `sqlwright.migration`: `sqlwright`, or the project's name. */
  namespace: string;
  /** The folder of the files. There are none where it does not exist. */
  directory: string;
  /** The folder as errors name it, such as `migrations`. */
  shownAs: string;
}

export interface MigrationFile extends Script {
  namespace: string;
  version: number;
  /** `0001_create_shop.sql`. */
  name: string;
  /** Hex SHA-256 of the text with `\n` line ends, so that a checkout on Windows is the same file. */
  sha256: string;
  isTransactional: boolean;
}

/** The form of a migration's name, `NNNN_verb_noun.sql`; the group is its number. */
const migrationName = /^([0-9]{4})_[a-z][a-z0-9]*(_[a-z0-9]+)+\.sql$/;
/** The generated dump beside the migrations. */
const dumpName = "schema.sql";

/** Names of the migrations of a folder in their order; whatever else lies there is left out. */
export async function listMigrationNames(directory: string): Promise<string[]> {
  return (await listSqlFiles(directory)).filter((name) => migrationName.test(name));
}

/**
 * @throws {SqlwrightError} `migration.failed` for a folder that cannot be read, a wrong name and a number
 * that repeats
 */
export async function readMigrations(
  { namespace, directory, shownAs }: MigrationList,
): Promise<MigrationFile[]> {
  let names: string[];
  try {
    names = await listSqlFiles(directory);
  } catch (error) {
    throw new SqlwrightError(
      "migration.failed",
      `Cannot read migrations "${directory}": ${reasonOf(error)}`,
      {
        details: { directory },
        hint: "Give the user that runs sqlwright the right to read the folder",
        cause: error,
      },
    );
  }
  const files: MigrationFile[] = [];
  for (const name of names) {
    const version = Number(migrationName.exec(name)?.[1]);
    if (!(version > 0)) {
      throw new SqlwrightError(
        "migration.failed",
        `Cannot read migration "${name}": its name has another form`,
        {
          details: { file: name },
          hint: "Name it NNNN_verb_noun.sql: four digits, then two or more words of lower-case letters and " +
            `digits, such as ${exampleName(name)}`,
        },
      );
    }
    const same = files.at(-1);
    if (same?.version === version) {
      throw new SqlwrightError(
        "migration.failed",
        `Cannot read migration "${name}": "${same.name}" has the same number`,
        { details: { file: name, other: same.name }, hint: "Give each migration its own number" },
      );
    }
    const text = await readScript(`${directory}/${name}`);
    files.push({
      namespace,
      version,
      name,
      path: `${shownAs}/${name}`,
      text,
      sha256: sha256(text),
      isTransactional: !/^-- transaction: none\s*(\n|$)/.test(text),
    });
  }
  return files;
}

/** The file's own number and word where it has them. */
function exampleName(name: string): string {
  const [, number = "1", word = ""] = /^(\d{0,4})\D*?([a-z0-9]*)\.sql$/.exec(name.toLowerCase()) ?? [];
  return `${(number || "1").padStart(4, "0")}_add_${word || "orders"}.sql`;
}

/** The text of a SQL file without a byte order mark and with `\n` line ends. */
export async function readScript(path: string): Promise<string> {
  return (await Deno.readTextFile(path)).replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
}

/** SHA-256 of a text, as hex. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function listSqlFiles(directory: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(directory)) {
      if (entry.isFile && entry.name.endsWith(".sql") && entry.name !== dumpName) names.push(entry.name);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return names.sort();
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotADirectory) return "it is not a folder";
  return (error as Error).message;
}
