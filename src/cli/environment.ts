/**
 * The settings of a command: the variables that are set, then those of `.env` in the project's folder, then what the
 * command line says. Light on purpose: `serve` loads it too.
 */

import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { ownNamespace } from "../migrate/applied.ts";
import type { MigrationList } from "../migrate/files.ts";
import { type Config, readConfig, settings } from "../config.ts";
import { SqlwrightError } from "../errors.ts";
import { type HttpAddress, isLoopback, joinHostAndPort, parseHttpAddress } from "../permissions.ts";

/** The folder with deno.json. */
export const projectDirectory = fileURLToPath(new URL("../../", import.meta.url));
/** sqlwright's own migrations. */
export const ownMigrations: MigrationList = {
  namespace: ownNamespace,
  directory: `${projectDirectory}migrations`,
  shownAs: "sqlwright:migrations",
};
/** The project's migrations. */
export const projectMigrations: MigrationList = {
  namespace: "edgar",
  directory: `${projectDirectory}edgar/migrations`,
  shownAs: "edgar/migrations",
};
/** Functions of the project, which are deployed as views are. */
export const functionsDirectory = `${projectDirectory}edgar/functions`;

/**
 * Sets what `.env` holds and the environment does not, so that child processes get it too, and validates the whole.
 * @throws {SqlwrightError} `config.unknown` or `config.invalid`, naming every wrong setting.
 */
export function readSettings({ sql }: { sql?: string | undefined } = {}): Config {
  loadEnvironmentFile();
  if (sql !== undefined) Deno.env.set("SQLWRIGHT_SQL_DIR", sql);
  return readConfig(readVariables());
}

/** `HOST:PORT` of the command line; without one the setting's. */
export function readAddress(text: string | true | undefined, config: Config): HttpAddress {
  if (typeof text !== "string") return config.SQLWRIGHT_HTTP;
  const address = parseHttpAddress(text);
  if (address) return address;
  throw new SqlwrightError("config.invalid", `Cannot listen on "${text}": expected HOST:PORT`, {
    hint: "Write an address such as 127.0.0.1:8321 or [::1]:8321",
  });
}

/** Without tokens whoever reaches the port may call every tool without a scope, so only this machine may reach it. */
export function refuseForeignAddress(address: HttpAddress, config: Config): void {
  const { hostname, port } = address;
  if (config.SQLWRIGHT_AUTH_ISSUER !== undefined) return;
  if (isLoopback(hostname) || config.SQLWRIGHT_UNAUTHENTICATED === "anywhere") return;
  const name = joinHostAndPort(hostname, String(port));
  throw new SqlwrightError(
    "config.invalid",
    `Cannot listen on ${name}: other machines could call tools without a token`,
    {
      details: { hostname, port },
      hint:
        "Listen on 127.0.0.1, set SQLWRIGHT_AUTH_ISSUER, SQLWRIGHT_AUTH_AUDIENCE and SQLWRIGHT_AUTH_JWKS, or set " +
        "SQLWRIGHT_UNAUTHENTICATED=anywhere where a proxy guards the port",
    },
  );
}

/** Variables that are set already, also to nothing, win over those of the file. */
export function loadEnvironmentFile(): void {
  let text: string;
  try {
    text = Deno.readTextFileSync(`${projectDirectory}.env`);
  } catch (error) {
    // The sandboxed server may not read it: its launcher did, and handed the settings down.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return;
    throw new SqlwrightError("config.invalid", "Cannot read .env in the project's folder", {
      hint: "Check that it is a file you may read",
      cause: error,
    });
  }
  for (const [name, value] of Object.entries(parseEnv(text))) {
    if (value !== undefined && Deno.env.get(name) === undefined) Deno.env.set(name, value);
  }
}

/** All variables, or in the sandbox the settings by name: a list of all is not permitted there. */
function readVariables(): Record<string, string | undefined> {
  try {
    return Deno.env.toObject();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    return Object.fromEntries(Object.keys(settings).map((name) => [name, Deno.env.get(name)]));
  }
}
