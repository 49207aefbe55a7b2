/**
 * What tests need beside Deno: programs, and SEC's own files. A test that wants one is left out where it is missing, and the last lines
 * of `deno task test` say so; with CI set it fails instead, because there nothing may be left out unnoticed.
 *
 * SQLWRIGHT_TEST_WITHOUT names what may be missing in CI too, separated by commas. What it names counts as missing even where it is
 * there, so the run of a smaller machine can be tried on a larger one.
 */

import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Each ends the name of a test that wants it, in brackets. */
export const services = [
  "PostgreSQL 15",
  "redis-server",
  "PgBouncer",
  "psql",
  "openssl",
  "git",
  "SEC's own files",
] as const;
export type Service = (typeof services)[number];

/** A folder of SEC's layout with the whole files that the excerpts in this repository are cut from. */
export const secFiles = fileURLToPath(new URL("../../shared/edgar", import.meta.url));

/** Whether a missing service fails its tests. */
export const isStrict = Boolean(Deno.env.get("CI"));

/** Where Debian and others put programs that are no user's commands, beside PATH. */
const systemFolders = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

const programs: Partial<Record<Service, string>> = {
  "redis-server": "redis-server",
  "PgBouncer": "pgbouncer",
  "psql": "psql",
  "openssl": "openssl",
  "git": "git",
};

/** Whether SQLWRIGHT_TEST_WITHOUT names it. */
export function isLeftOut(service: Service): boolean {
  const named = (Deno.env.get("SQLWRIGHT_TEST_WITHOUT") ?? "").split(",").map((name) => name.trim());
  const wrong = named.find((name) => name !== "" && !services.includes(name as Service));
  if (wrong !== undefined) {
    throw new Error(`SQLWRIGHT_TEST_WITHOUT names "${wrong}"; there are ${services.join(", ")}`);
  }
  return named.includes(service);
}

/** The program of a service, or the folder of the files; null where it is missing. */
export function findService(service: Exclude<Service, "PostgreSQL 15">): string | null {
  if (isLeftOut(service)) return null;
  const program = programs[service];
  if (program === undefined) return exists(join(secFiles, "api")) ? secFiles : null;
  const folders = [...(Deno.env.get("PATH") ?? "").split(delimiter), ...systemFolders];
  for (const folder of folders) {
    const path = join(folder, Deno.build.os === "windows" ? `${program}.exe` : program);
    if (folder !== "" && exists(path)) return path;
  }
  return null;
}

/**
 * Registers a test that wants a service; the service ends its name.
 * @param run gets the path of the program or folder
 */
export function testWith(
  service: Exclude<Service, "PostgreSQL 15">,
  name: string,
  run: (path: string) => Promise<void>,
): void {
  const path = findService(service);
  Deno.test({
    name: `${name} (${service})`,
    ignore: path === null && (!isStrict || isLeftOut(service)),
    fn: () => {
      if (path === null) throw new Error(`${service} is missing, and with CI set nothing is left out`);
      return run(path);
    },
  });
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    // A folder of PATH that may not be read has nothing for us.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}
