/**
 * Loads the extension of a project and reads its settings. Whatever is wrong with it is one error that says
 * where: a project whose TypeScript is broken is not served without it.
 */

import { isAbsolute, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { type Config, isOwnVariable, readFurther } from "../config.ts";
import { SqlwrightError } from "../errors.ts";
import type { Project } from "../project.ts";
import { type Extension, isMadeExtension } from "./extension.ts";

/** An extension with the settings that it was declared for. */
export interface OpenExtension {
  project: Project;
  extension: Extension;
  /** The product's settings and those of the extension. */
  config: Config;
}

/**
 * Null for query files by themselves, and for a project without TypeScript.
 * @throws {SqlwrightError} `extension.invalid` with the place, `config.invalid` naming every wrong setting of
 * it
 */
export async function openExtension(config: Config): Promise<OpenExtension | null> {
  const { project } = config;
  if (project === null || project.extension === null) return null;
  const extension = await loadExtension(project, project.extension);
  return { project, extension, config: readExtensionSettings(extension, config) };
}

/** Adds the values of the extension's settings. @throws {SqlwrightError} `config.invalid` */
export function readExtensionSettings({ settings }: Extension, config: Config): Config {
  const further = readFurther(settings, (name) => Deno.env.get(name), config.project?.directory);
  return { ...config, ...further };
}

/** @throws {SqlwrightError} `extension.invalid` with the place */
export async function loadExtension(project: Project, path: string): Promise<Extension> {
  let made: unknown;
  try {
    ({ default: made } = await import(pathToFileURL(path).href) as { default?: unknown });
  } catch (error) {
    throw notImported(project, path, error);
  }
  if (!isMadeExtension(made)) {
    const hint = 'End the file with: export default defineExtension({ … }), which comes from "sqlwright"';
    throw invalid(path, "its default export was not made by defineExtension", hint);
  }
  requireOwnNames(project, path, made);
  return made;
}

/** An extension takes no name that is the product's, and no place outside of its project. */
function requireOwnNames({ name: family, directory }: Project, path: string, extension: Extension): void {
  for (const name of Object.keys(extension.settings)) {
    if (!/^[A-Z][A-Z0-9_]*$/.test(name)) {
      throw invalid(path, `its setting "${name}" is no name of a variable`, "Write capitals, digits and _");
    }
    if (isOwnVariable(name)) {
      const hint = `Name it after the project: ${family.toUpperCase()}_…`;
      throw invalid(path, `its setting ${name} is one of sqlwright itself`, hint);
    }
  }
  for (const code of extension.errorCodes) {
    if (!new RegExp(`^${family}\\.[a-z][a-z_]*$`).test(code)) {
      const found = code.startsWith(`${family}.`) ? "has another form" : "is of another family";
      const hint =
        `Codes of this project are ${family}, a dot and lower-case words with _: ${family}.not_found`;
      throw invalid(path, `its error code "${code}" ${found}`, hint);
    }
  }
  for (const name of Object.keys(extension.workers)) {
    if (!/^[a-z][a-z-]*$/.test(name)) {
      throw invalid(
        path,
        `its worker "${name}" is no name of a command`,
        "Write lower-case letters and hyphens",
      );
    }
  }
  const { sample } = extension;
  if (sample !== null && !isInside(resolve(directory, sample.directory), directory)) {
    throw invalid(
      path,
      `its sample lies outside of the project, in ${sample.directory}`,
      `Put it below ${directory}`,
    );
  }
}

function isInside(path: string, directory: string): boolean {
  const way = relative(directory, path);
  return !way.startsWith("..") && !isAbsolute(way);
}

function notImported(project: Project, path: string, error: unknown): SqlwrightError {
  const text = stripVTControlCharacters(error instanceof Error ? error.message : String(error));
  const [first = ""] = text.split("\n");
  if (first === `Module not found "${pathToFileURL(path).href}".`) {
    return invalid(path, "there is no such file", 'Correct "extension" in sqlwright.json', error);
  }
  const stack = error instanceof Error ? stripVTControlCharacters(error.stack ?? "") : "";
  const place = placeOf(project, `${text}\n${stack}`);
  const what = place === null ? first : `${place}: ${first}`;
  if (error instanceof Deno.errors.NotCapable || /^Requires \w+ access to/.test(first)) {
    const hint = /^Requires read access/.test(first)
      ? "Name its folder in readPaths of defineExtension, or start the server as `sqlwright start` does"
      : "It is read without rights: work belongs into its tools and commands, and not beside the import";
    return invalid(path, what, hint, error);
  }
  const isMissing = (error as { code?: unknown } | null)?.code === "ERR_MODULE_NOT_FOUND";
  if (isMissing && !first.startsWith("SyntaxError")) {
    const hint =
      "Import packages where they are used, with await import(…), and name them in the project's deno.json";
    return invalid(path, what, hint, error);
  }
  return invalid(path, what, "Correct it there", error);
}

/** `extension.ts:3:7`: where in the project it failed, as the error's message and stack have it. */
function placeOf({ directory }: Project, text: string): string | null {
  for (const [, url, line, column] of text.matchAll(/(file:\/\/[^\s()]+?):(\d+):(\d+)/g)) {
    const file = relative(directory, fileURLToPath(url!));
    if (!file.startsWith("..")) return `${file}:${line}:${column}`;
  }
  return null;
}

function invalid(path: string, what: string, hint: string, cause?: unknown): SqlwrightError {
  return new SqlwrightError("extension.invalid", `Cannot use the extension ${path}: ${what}`, {
    details: { path },
    hint,
    ...(cause === undefined ? {} : { cause }),
  });
}
