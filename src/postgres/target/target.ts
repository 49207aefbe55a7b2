/**
 * A connection string → its target. What the string says goes before its service, that before the variables
 * of the environment, and these before the defaults, as libpq has it.
 */

import { splitWords } from "./command.ts";
import { fault } from "./fault.ts";
import { homeFile, isThere } from "./home.ts";
import { looksLikeKeywords, splitKeywords } from "./keywords.ts";
import {
  type Environment,
  type Found,
  type LoginWay,
  loginWays,
  type PasswordSource,
  type Target,
  targetKinds,
} from "./model.ts";
import { parameters, refusalOf } from "./parameters.ts";
import { readPlaces } from "./places.ts";
import { readService } from "./service.ts";
import { readTls } from "./tls_settings.ts";
import { splitUri, uriScheme } from "./uri.ts";

/** Of this process. A sandbox shows the variables that its flags name, and no others. */
export const processEnvironment: Environment = (name) => {
  try {
    return Deno.env.get(name);
  } catch {
    return undefined;
  }
};

/** The values of all parameters, each with where it is from. */
export class Values {
  readonly #found = new Map<string, Found>();

  /** The first that is told of a name is the one that counts; an empty one counts as none. */
  add(name: string, value: string, from: string): void {
    if (value !== "" && !this.#found.has(name)) this.#found.set(name, { value, from });
  }

  find(name: string): Found | null {
    return this.#found.get(name) ?? null;
  }

  get(name: string): string | null {
    return this.#found.get(name)?.value ?? null;
  }

  from(name: string): string {
    return this.#found.get(name)?.from ?? "the default";
  }

  [Symbol.iterator](): IterableIterator<[string, Found]> {
    return this.#found.entries();
  }

  /** One of some words. */
  choose<const T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.get(name);
    if (value === null) return fallback;
    const chosen = choices.find((choice) => choice === value);
    if (chosen !== undefined) return chosen;
    throw fault(this.from(name), `${name} "${value}" is unknown`, `It is one of ${choices.join(", ")}`);
  }
}

/**
 * @param setting what holds the string, for messages
 * @throws {SqlwrightError} `config.invalid`; the message never shows the string, which may hold a password.
 */
export function readTarget(
  text: string,
  environment: Environment = processEnvironment,
  setting = "DATABASE_URL",
): Target {
  const values = new Values();
  for (const [name, value] of splitConnectionString(text, setting)) values.add(name, value, setting);
  const readFiles: string[] = [];
  addService(values, environment, readFiles);
  for (const [name, { variable }] of Object.entries(parameters)) {
    if (variable !== undefined) values.add(name, environment(variable) ?? "", variable);
  }
  for (const [name, { value, from }] of values) {
    const refusal = refusalOf(name, value);
    if (refusal === null) continue;
    const shown = Object.hasOwn(parameters, name) && !/password|secret/.test(name)
      ? `${name}=${value}`
      : name;
    throw fault(from, `${shown} cannot be honoured: ${refusal.reason}`, refusal.hint);
  }
  const user = values.find("user") ?? userOfProcess(environment);
  return {
    places: readPlaces(values),
    isShuffled: values.choose("load_balance_hosts", ["disable", "random"], "disable") === "random",
    kind: values.choose("target_session_attrs", targetKinds, "any"),
    user,
    password: readPassword(values, environment),
    database: values.get("dbname"),
    tls: readTls(values, environment),
    channelBinding: values.choose("channel_binding", ["require", "prefer", "disable"], "prefer"),
    loginWays: readLoginWays(values),
    connectTimeout_ms: readTimeout(values),
    applicationName: values.get("application_name") ?? values.get("fallback_application_name"),
    options: values.get("options"),
    keepsAlive: values.choose("keepalives", ["0", "1"], "1") === "1",
    readFiles,
  };
}

/** The values by name, unchecked. @throws {SqlwrightError} `config.invalid` for what is no string of libpq */
export function splitConnectionString(text: string, setting: string): Map<string, string> {
  if (uriScheme.test(text)) return splitUri(text, setting);
  if (looksLikeKeywords.test(text)) return splitKeywords(text, setting);
  throw fault(
    setting,
    "it is no connection string",
    "Write postgresql://user:password@host:port/database, or host=… dbname=… user=…",
  );
}

function addService(values: Values, environment: Environment, readFiles: string[]): void {
  values.add("service", environment("PGSERVICE") ?? "", "PGSERVICE");
  values.add("servicefile", environment("PGSERVICEFILE") ?? "", "PGSERVICEFILE");
  const name = values.get("service");
  if (name === null) return;
  const service = readService(name, values.get("servicefile"), environment);
  readFiles.push(service.path);
  const from = `the service "${name}" of ${service.path}`;
  for (const [parameter, value] of service.values) values.add(parameter, value, from);
}

/** Variables with the name of whoever runs the process. */
export const userVariables = ["USERNAME", "USER", "LOGNAME"] as const;

function userOfProcess(environment: Environment): Found | null {
  for (const name of ["PGUSERNAME", "USER", "LOGNAME", "USERNAME"]) {
    const value = environment(name);
    if (value) return { value, from: name };
  }
  return null;
}

/** In one way only: of two, one would be there in vain. */
function readPassword(values: Values, environment: Environment): PasswordSource {
  const written = values.find("password");
  const file = environment("DATABASE_PASSWORD_FILE") || null;
  const command = environment("DATABASE_PASSWORD_COMMAND") || null;
  const ways = [
    // The variable of every PostgreSQL tool completes what says nothing itself.
    ...(written === null || written.from === "PGPASSWORD" ? [] : [`the password of ${written.from}`]),
    ...(file === null ? [] : ["DATABASE_PASSWORD_FILE"]),
    ...(command === null ? [] : ["DATABASE_PASSWORD_COMMAND"]),
  ];
  if (ways.length > 1) {
    throw fault(
      "the password of the database",
      `${ways.join(" and ")} are both set`,
      "Leave one of them: take the other out of the connection string or of the environment",
    );
  }
  if (file !== null) return { kind: "file", path: file };
  if (command !== null) return { kind: "command", words: splitWords(command) };
  if (written !== null) return { kind: "text", password: written };
  const named = values.get("passfile");
  const passfile = named ?? homeFile(environment, "passfile");
  return passfile === null || (named === null && !isThere(passfile))
    ? { kind: "none" }
    : { kind: "passfile", path: passfile };
}

/** `scram-sha-256,none`, or all but some: `!password,!md5`. */
function readLoginWays(values: Values): ReadonlySet<LoginWay> | null {
  const text = values.get("require_auth");
  if (text === null) return null;
  const entries = text.split(",").map((entry) => entry.trim());
  const isNegated = entries.every((entry) => entry.startsWith("!"));
  const names = entries.map((entry) => isNegated ? entry.slice(1) : entry);
  const wrong = names.find((name) => !(loginWays as readonly string[]).includes(name));
  if (wrong !== undefined) {
    throw fault(
      values.from("require_auth"),
      `require_auth "${wrong}" is unknown`,
      `Known are ${loginWays.join(", ")}, all of them with ! or none`,
    );
  }
  return new Set(loginWays.filter((way) => names.includes(way) !== isNegated));
}

/** Whole seconds; nothing, 0 and less leave it to the server's own setting, which bounds every wait. */
function readTimeout(values: Values): number | null {
  const text = values.get("connect_timeout");
  if (text === null) return null;
  const seconds = Number(text);
  if (!Number.isInteger(seconds)) {
    throw fault(
      values.from("connect_timeout"),
      `connect_timeout "${text}" is no number`,
      "Write whole seconds",
    );
  }
  return seconds > 0 ? Math.min(seconds, 86_400) * 1000 : null;
}
