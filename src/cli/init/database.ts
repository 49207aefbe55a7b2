/** Which database a project is made over: found, or asked for and tried at once; and where `.env` says so. */

import { join } from "node:path";
import { parseEnv } from "node:util";
import { openPools, serverFacts } from "../../app.ts";
import { foreignScheme, readConfig, settings } from "../../config.ts";
import { SqlwrightError } from "../../errors.ts";
import { masked as withoutPassword } from "../../postgres/target/fault.ts";
import { readTarget } from "../../postgres/target/target.ts";
import { tell, UsageError } from "../console/console.ts";
import { askSecret, askUntil, askYes } from "./ask.ts";

const own = "SQLWRIGHT_DATABASE_URL";
const common = "DATABASE_URL";

/** What names a database already. */
export interface KnownDatabases {
  /** Of the folder's `.env`. */
  file: { [own]?: string | undefined; [common]?: string | undefined };
  /** Of the environment. */
  environment: { [own]?: string | undefined; [common]?: string | undefined };
}

export async function readKnown(directory: string): Promise<KnownDatabases> {
  const text = await Deno.readTextFile(join(directory, ".env")).catch(() => "");
  const { [own]: fileOwn, [common]: fileCommon } = parseEnv(text);
  return {
    file: { [own]: fileOwn || undefined, [common]: fileCommon || undefined },
    environment: {
      [own]: Deno.env.get(own) || undefined,
      [common]: Deno.env.get(common) || await readUrlFile() || undefined,
    },
  };
}

/** What DATABASE_URL_FILE of the environment leads to. */
async function readUrlFile(): Promise<string> {
  const path = Deno.env.get("DATABASE_URL_FILE");
  return path ? (await Deno.readTextFile(path)).trim() : "";
}

/** The one that commands in the folder take now. */
const takenOf = ({ file, environment }: KnownDatabases): string | undefined =>
  file[own] ?? environment[own] ?? file[common] ?? environment[common];

/**
 * Null for the embedded database.
 * @throws {UsageError} for a string that is none
 */
export async function chooseDatabase(
  known: KnownDatabases,
  { databaseUrl, embedded, asks }: {
    databaseUrl: string | undefined;
    embedded: boolean | undefined;
    asks: boolean;
  },
): Promise<string | null> {
  if (embedded) return null;
  if (databaseUrl !== undefined) return databaseUrl;
  const taken = takenOf(known);
  if (!asks) return taken ?? null;
  if (taken !== undefined) {
    tell(`Database: ${masked(taken)}\n`);
    const usable = askYes("Use it?", true) ? await completed(taken) : undefined;
    if (usable !== undefined) return usable;
  }
  tell(
    "Your database, such as postgresql://user@host:5432/database;\n" +
      "or nothing, for a PostgreSQL that comes with sqlwright.\n",
  );
  return await askUntil("Database", "", async (answer) => {
    if (answer === "") return null;
    const fault = faultOf(answer);
    if (fault === null) return await completed(answer);
    tell(fault);
    return undefined;
  });
}

/** What is wrong with a connection string, in a line for a person; null where it can be read. */
export function faultOf(url: string): string | null {
  const scheme = foreignScheme(url);
  if (scheme !== null) return `That is no connection string: ${scheme}`;
  if (settings.DATABASE_URL.read(url) === undefined) {
    return "That is no connection string: write postgresql://… or host=… dbname=…";
  }
  try {
    readTarget(url);
    return null;
  } catch (error) {
    if (error instanceof SqlwrightError) return `${error.message}. ${error.hint ?? ""}`.trim();
    throw error;
  }
}

/** The string once it leads to a database, with the password that it lacked; undefined once it does not. */
async function completed(url: string): Promise<string | undefined> {
  let tried = url;
  for (;;) {
    const error = await tryDatabase(tried);
    if (error === null) return tried;
    tell(`${error.message}.${error.hint === null ? "" : ` ${error.hint}`}`);
    const user = /^postgres(?:ql)?:\/\/([^:@/?#]+)@/.exec(url)?.[1];
    const asksPassword = user !== undefined && tried === url && error.code === "database.refused" &&
      readTarget(url).password.kind === "none";
    const password = asksPassword ? await askSecret(`Password of ${decodeURIComponent(user)}`) : null;
    if (!password) return undefined;
    tried = url.replace(
      /^(postgres(?:ql)?:\/\/[^:@/?#]+)@/,
      (_, start) => `${start}:${encodeURIComponent(password)}@`,
    );
  }
}

/** What a connection fails of; null where it does not. */
async function tryDatabase(url: string): Promise<SqlwrightError | null> {
  const pools = openPools(readConfig({ DATABASE_URL: url }));
  try {
    await pools.reader.withConnection(undefined, serverFacts);
    return null;
  } catch (error) {
    if (error instanceof SqlwrightError) return error;
    throw error;
  } finally {
    await Promise.all([pools.reader.close(), pools.writer.close(), pools.uploads.close()]);
  }
}

/** Without its password. */
export const masked = (url: string): string => withoutPassword(url, "…");

/** How `.env` comes to name the database of the project, and what a person must know of it. */
export interface EnvironmentPlan {
  /** The variable to write; null where nothing is to be written. */
  name: typeof own | typeof common | null;
  /** Told before anything is written and at the end; null where there is nothing to tell. */
  remark: string | null;
}

/**
 * What names another database stays: it may be an application's. sqlwright's own variable goes before it.
 * @throws {UsageError} where no line that could be added would be read
 */
export function planEnvironment(url: string | null, known: KnownDatabases): EnvironmentPlan {
  const { file, environment } = known;
  const places = [
    [".env", own, file[own]],
    ["the environment", own, environment[own]],
    [".env", common, file[common]],
    ["the environment", common, environment[common]],
  ] as const;
  const others = places.filter(([, , value]) => value !== undefined && value !== url);
  if (url === null) {
    const [inFile] = others.filter(([place]) => place === ".env");
    if (inFile !== undefined) {
      throw new UsageError(
        `.env names a database in ${inFile[1]}: ${masked(inFile[2]!)}`,
        "Commands would go there and not to the embedded one: take that line out of .env first",
      );
    }
    const [first] = others;
    if (first === undefined) return { name: null, remark: null };
    return {
      name: null,
      remark: `${first[1]} of the environment names another database:\n  ${masked(first[2]!)}\n` +
        `  Commands go there, and to the embedded one once you unset it.`,
    };
  }
  const [stronger] = others.filter(([, name]) => name === own);
  if (stronger !== undefined) {
    throw new UsageError(
      `${stronger[0]} names another database in ${own}: ${masked(stronger[2]!)}`,
      `It goes before every other: change it to ${masked(url)} first, or leave --database-url out`,
    );
  }
  if (file[own] === url) return { name: null, remark: null };
  const [weaker] = others;
  if (weaker === undefined) return { name: file[common] === url ? null : common, remark: null };
  return {
    name: own,
    remark: `${weaker[0]} has ${common} already, of another database:\n  ${masked(weaker[2]!)}\n` +
      `  It stays. The project's is in .env as ${own}, which goes\n  before it: ${masked(url)}`,
  };
}
