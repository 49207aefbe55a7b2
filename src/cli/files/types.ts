/**
 * `types`: TypeScript declarations of the tools, from the lock where it is that of the files, else from the
 * database.
 */

import { BrokenFilesError, checkFiles, defaultLimits } from "../../app.ts";
import { declareQueries } from "../../client/declare.ts";
import { type Config, queryFoldersOf } from "../../config.ts";
import { SqlwrightError } from "../../errors.ts";
import type { Catalog, Tool } from "../../tool/model.ts";
import { nearestName } from "../../nearest.ts";
import { lockedCatalog, readLockedFiles } from "../../lock/catalog.ts";
import { formatCount, print, tell, UsageError } from "../console/console.ts";
import { withDatabase, withPools } from "../database.ts";
import { type ProjectOptions, readSettings } from "../environment.ts";

export interface TypesOptions extends ProjectOptions {
  /** Written whole or not at all. @default standard output */
  out?: string | undefined;
  /** Modules and tools to declare. @default all */
  only?: readonly string[] | undefined;
}

/** @throws {SqlwrightError} `catalog.invalid` when a query file is broken */
export async function runTypes({ project, sql, out, only }: TypesOptions): Promise<number> {
  const config = readSettings({ project, sql });
  const tools = pickTools([...(await openCatalog(config)).tools.values()], only);
  const text = declareQueries(tools);
  if (out === undefined) {
    print(text.trimEnd());
    return 0;
  }
  if (await Deno.readTextFile(out).catch(() => null) === text) {
    tell(`${out} is as it was, ${formatCount(tools.length, "tool")}`);
    return 0;
  }
  const temporary = `${out}.${crypto.randomUUID().slice(0, 8)}`;
  try {
    await Deno.writeTextFile(temporary, text, { createNew: true });
    await Deno.rename(temporary, out);
  } catch (cause) {
    await Deno.remove(temporary).catch(() => {});
    throw new SqlwrightError("config.invalid", `Cannot write "${out}": ${(cause as Error).message}`, {
      hint: "Name a file in a folder that may be written",
      cause,
    });
  }
  tell(`${out} written, ${formatCount(tools.length, "tool")}`);
  return 0;
}

/** @throws {UsageError} for a name that is neither a module nor a tool */
function pickTools(tools: readonly Tool[], only: readonly string[] | undefined): readonly Tool[] {
  if (only === undefined) return tools;
  const known = new Set(tools.flatMap(({ name, module }) => [name, module]));
  const unknown = only.find((name) => !known.has(name));
  if (unknown !== undefined) {
    const near = nearestName(unknown, [...known]);
    throw new UsageError(
      `There is no module and no tool "${unknown}"`,
      near === null ? "`sqlwright list` shows them" : `Did you mean "${near}"?`,
    );
  }
  return tools.filter(({ name, module }) => only.includes(name) || only.includes(module));
}

async function openCatalog(config: Config): Promise<Catalog> {
  const limits = defaultLimits();
  const locked = readLockedFiles(queryFoldersOf(config));
  if (locked !== null) return lockedCatalog(locked, { limits, defaultLimits: limits });
  const files = await withDatabase(
    config,
    ({ config }) => withPools(config, ({ writer }) => checkFiles(config, writer)),
  );
  if (files.diagnostics.some(({ severity }) => severity === "error")) throw new BrokenFilesError(files);
  return files.catalog;
}
