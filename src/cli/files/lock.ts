/** The lock in `check`: what it would be now, what that changes for callers, and writing it. */

import { dirname, join } from "node:path";
import { type CheckedFiles, defaultLimits, type Pools } from "../../app.ts";
import { SqlwrightError } from "../../errors.ts";
import type { Diagnostic } from "../../query/diagnostic.ts";
import { type Lock, makeLock, writeLock } from "../../lock/lock.ts";
import { lockName } from "../../project.ts";
import { hashOf, readLock } from "../../lock/catalog.ts";
import { compareLocks, type LockChange } from "../../lock/compare.ts";
import { formatCount, paintFor, shownPlace, tell } from "../console/console.ts";

export interface LockCheck {
  /** What would be written. */
  lock: Lock;
  /** Text of the lock that lies there; null where there is none. */
  text: string | null;
  /** Against the lock that lies there; empty without one. */
  changes: LockChange[];
}

/** The lock of the right files, compared with the one that lies in their folder. */
export async function checkLock(
  { catalog, diagnostics, sources }: CheckedFiles,
  { writer }: Pools,
  lockFile: string,
): Promise<LockCheck> {
  const moduleHashes = new Map(
    [...sources].filter(([path]) => path.endsWith("/_module.sql")).map((
      [path, source],
    ) => [path.split("/")[0]!, hashOf(source)]),
  );
  const lock = await writer.withConnection(undefined, (connection) =>
    makeLock(connection, {
      tools: catalog.tools.values(),
      modules: catalog.modules,
      moduleHashes,
      limits: defaultLimits(),
    }));
  const text = await Deno.readTextFile(lockFile).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  });
  const before = text === null ? null : readLock(lockFile);
  const broken = new Set(diagnostics.filter(({ severity }) => severity === "error").map(({ path }) => path));
  const isJudged = (tool: string) => !broken.has((before?.tools[tool] ?? lock.tools[tool])!.file);
  return { lock, text, changes: before === null ? [] : compareLocks(before, lock, { isJudged }) };
}

/** Why the lock that lies there is not what would be written; nothing where there is none. */
export function lockDiagnostics({ lock, text, changes }: LockCheck): Diagnostic[] {
  if (text === null || text === writeLock(lock)) return [];
  const lines = text.split("\n");
  const report = (line: number, message: string, hint: string): Diagnostic => ({
    code: "lock-stale",
    severity: "error",
    path: lockName,
    line: line + 1,
    column: (lines[line]?.search(/\S/) ?? 0) + 1,
    message,
    hint,
  });
  const rewrite = "Run `sqlwright check --lock` and commit the lock";
  if (changes.length === 0) return [report(0, "The lock is not the one of these files", rewrite)];
  return groupChanges(changes).map(({ tools, message, isBreaking }) => {
    const [tool, ...others] = tools;
    const whose = others.length === 0 ? tool! : `${tools.length} tools`;
    return report(
      Math.max(0, lines.findIndex((line) => line.startsWith(`    "${tool}": `))),
      `${whose}: ${message}${isBreaking ? " (breaking)" : ""}${
        others.length === 0 ? "" : `: ${listTools(tools)}`
      }`,
      isBreaking ? `Callers of ${whose === tool ? tool : "them"} must follow. ${rewrite}` : rewrite,
    );
  });
}

interface ChangeOfTools {
  tools: string[];
  message: string;
  isBreaking: boolean;
}

/** One change that many tools have in common is one finding: what was added at once is read at once. */
function groupChanges(changes: readonly LockChange[]): ChangeOfTools[] {
  const groups = new Map<string, ChangeOfTools>();
  for (const { tool, message, isBreaking } of changes) {
    const key = `${isBreaking} ${message}`;
    const group = groups.get(key) ?? { tools: [], message, isBreaking };
    group.tools.push(tool);
    groups.set(key, group);
  }
  return [...groups.values()];
}

const mostNamed = 20;

function listTools(tools: readonly string[]): string {
  const more = tools.length - mostNamed;
  return tools.slice(0, mostNamed).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** Writes it, and tells on standard error what it changes for callers. */
export async function writeLockOf(
  lock: LockCheck | null,
  { lockFile, isBroken }: { lockFile: string; isBroken: boolean },
): Promise<void> {
  const paint = paintFor("stderr");
  if (isBroken || lock === null) {
    tell(`${paint("red", "✗")} the lock was not written: all files have to be right`);
    return;
  }
  for (const { tool, message, isBreaking } of lock.changes) {
    tell(
      `  ${
        isBreaking ? paint(["bold", "red"], "breaking  ") : paint("dim", "compatible")
      } ${tool}: ${message}`,
    );
  }
  const isWritten = await saveLock(lock, lockFile);
  const count = formatCount(Object.keys(lock.lock.tools).length, "tool");
  tell(
    `${paint("green", "✓")} ${shownPlace(lockFile)} ${isWritten ? "written" : "is as it was"}, ${count}`,
  );
}

/** Writes the whole file or nothing of it. False when it was so already. */
export async function saveLock({ lock, text }: LockCheck, path: string): Promise<boolean> {
  const written = writeLock(lock);
  if (written === text) return false;
  // Begins with a dot: the loader looks at no such file.
  const temporary = join(dirname(path), `.${lockName}.${crypto.randomUUID().slice(0, 8)}`);
  try {
    await Deno.writeTextFile(temporary, written, { createNew: true });
    await Deno.rename(temporary, path);
  } catch (cause) {
    await Deno.remove(temporary).catch(() => {});
    throw new SqlwrightError("config.invalid", `Cannot write "${path}": ${(cause as Error).message}`, {
      hint: "Check that its folder may be written",
      cause,
    });
  }
  return true;
}
