/** libpq's own files in the folder of a person: where they lie, and whether they are there. */

import type { Environment } from "./model.ts";

const isWindows = Deno.build.os === "windows";

/** The variable that leads to a person's files. */
export const homeVariable = isWindows ? "APPDATA" : "HOME";

/** Null where nobody is at home, and in a sandbox that does not show it. */
export function homeFile(
  environment: Environment,
  name: "passfile" | "service" | CertificateFile,
): string | null {
  const home = environment(homeVariable);
  if (!home) return null;
  if (isWindows) {
    const names = { passfile: "pgpass.conf", service: ".pg_service.conf" } as const;
    return `${home}\\postgresql\\${name in names ? names[name as keyof typeof names] : name}`;
  }
  if (name === "passfile") return `${home}/.pgpass`;
  return name === "service" ? `${home}/.pg_service.conf` : `${home}/.postgresql/${name}`;
}

export type CertificateFile = "root.crt" | "postgresql.crt" | "postgresql.key";

/** False too where the sandbox does not permit to look. */
export function isThere(path: string | null): path is string {
  if (path === null) return false;
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** libpq's rule for files with a secret; Windows has no such modes. */
export function isOpenToOthers({ mode, uid }: Deno.FileInfo): boolean {
  if (mode === null || isWindows) return false;
  // A key of root may be read by a group.
  return (mode & (uid === 0 ? 0o037 : 0o077)) !== 0;
}
