/** The service file: parameters under a name. @see PostgreSQL, "The Connection Service File" */

import { fault, fileFault, fileHint } from "./fault.ts";
import { homeFile, isThere } from "./home.ts";
import type { Environment } from "./model.ts";

export interface Service {
  path: string;
  values: Map<string, string>;
}

/**
 * The first file that has the service: that of `servicefile`, else the person's, else the machine's.
 * @throws {SqlwrightError} `config.invalid` where none has it
 */
export function readService(name: string, named: string | null, environment: Environment): Service {
  const machine = environment("PGSYSCONFDIR");
  const paths = [
    named ?? homeFile(environment, "service"),
    machine ? `${machine}/pg_service.conf` : null,
  ].filter((path) => path !== null);
  for (const path of paths) {
    if (path !== named && !isThere(path)) continue;
    const values = sectionOf(readFile(path), name, path);
    if (values !== null) return { path, values };
  }
  throw fault(
    `the service "${name}"`,
    paths.length === 0 ? "there is no service file" : `${paths.join(" and ")} have no [${name}]`,
    "Name the file with PGSERVICEFILE, and write [name] and its parameters into it, one a line",
  );
}

function readFile(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw fault(path, fileFault(error), fileHint(error), error);
  }
}

function sectionOf(text: string, name: string, path: string): Map<string, string> | null {
  let values: Map<string, string> | null = null;
  for (const [index, line] of text.split(/\r?\n/).map((each) => each.trim()).entries()) {
    if (line === "" || line.startsWith("#")) continue;
    if (line.startsWith("[")) {
      if (values !== null) return values;
      if (line === `[${name}]`) values = new Map();
      continue;
    }
    if (values === null) continue;
    const at = line.indexOf("=");
    const parameter = line.slice(0, Math.max(at, 0));
    if (at <= 0 || /^service(?:file)?$/.test(parameter)) {
      const found = at <= 0 ? "is not name=value" : `names a ${parameter} itself`;
      const hint = line.startsWith("ldap")
        ? "Parameters from LDAP are not read here: write them into the file"
        : "Write one parameter a line: name=value, without spaces around =";
      throw fault(path, `line ${index + 1} ${found}`, hint);
    }
    // The first of a name is the one that counts.
    if (!values.has(parameter)) values.set(parameter, line.slice(at + 1));
  }
  return values;
}
