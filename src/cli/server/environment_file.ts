/** Whether the project's `.env` shows a password: in the repository, or to others on this machine. */

import { join } from "node:path";
import { parseEnv } from "node:util";
import type { Config } from "../../config.ts";
import { shownPlace } from "../console/console.ts";

export interface Exposure {
  /** In one sentence. */
  found: string;
  hint: string;
}

const git_timeout_ms = 2000;

/** Null where there is no such file, no secret in it, or nobody who could read it. */
export async function findExposure({ project }: Config): Promise<Exposure | null> {
  if (project === null) return null;
  const path = join(project.directory, ".env");
  const text = await Deno.readTextFile(path).catch(() => null);
  if (text === null || !holdsSecret(parseEnv(text))) return null;
  const { mode } = await Deno.stat(path);
  const isOpen = Deno.build.os !== "windows" && mode !== null && (mode & 0o044) !== 0;
  const isTracked = await isInGit(project.directory);
  const faults = [
    ...(isTracked ? ["git tracks it"] : []),
    ...(isOpen ? [`others on this machine may read it, by its mode ${(mode & 0o777).toString(8)}`] : []),
  ];
  if (faults.length === 0) return null;
  return {
    found: `${shownPlace(path)} holds a password, and ${faults.join(", and ")}`,
    hint: [
      ...(isTracked ? ["git rm --cached .env, name it in .gitignore, and change the password"] : []),
      ...(isOpen ? ["chmod 600 .env"] : []),
    ].join("; "),
  };
}

function holdsSecret(variables: Record<string, string | undefined>): boolean {
  return Object.entries(variables).some(([name, value = ""]) =>
    value !== "" && (/(PASSWORD|SECRET|TOKEN)$/.test(name) || /^[a-z]+:\/\/[^/?#@]*:[^/?#@]+@/.test(value) ||
      /[?&]password=[^&]/.test(value))
  );
}

/** False where there is no git, or no repository. */
async function isInGit(directory: string): Promise<boolean> {
  try {
    const { success } = await new Deno.Command("git", {
      args: ["ls-files", "--error-unmatch", "--", ".env"],
      cwd: directory,
      stdin: "null",
      stdout: "null",
      stderr: "null",
      signal: AbortSignal.timeout(git_timeout_ms),
    }).output();
    return success;
  } catch {
    return false;
  }
}
