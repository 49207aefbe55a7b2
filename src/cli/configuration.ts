/**
 * Which configuration a command runs under: the product's own, or where it uses the packages of the project's
 * extension one that has those too. Light on purpose: every command asks first.
 */

import { isConfiguredFor, writeConfiguration } from "../extension/configuration.ts";
import { readManifest } from "../extension/manifest.ts";
import { findProject, type Project } from "../project.ts";
import { readSettings } from "./environment.ts";

/** Commands that serve or call the extension's tools: they need its packages where the server does. */
const callers: ReadonlySet<string> = new Set(["serve", "call", "export", "test"]);

/**
 * Null for the product's own, which is what most commands run under.
 * @throws {SqlwrightError} `extension.invalid`, and what reading the settings throws
 */
export async function otherConfiguration(args: readonly string[]): Promise<string | null> {
  const [command = ""] = args;
  if (command === "" || command.startsWith("-") || args.includes("--help")) return null;
  const project = nearestProject(args);
  if (project === null || project.extension === null || isConfiguredFor(project)) return null;
  if (command === project.name) return await writeConfiguration(project);
  if (!callers.has(command) || valueOf("--sql", args) !== undefined) return null;
  const manifest = await readManifest(readSettings({ project: project.directory }));
  return manifest?.usesPackages ? await writeConfiguration(project) : null;
}

/** Null where there is none, or none that can be read: the command itself says what it needs. */
export function nearestProject(args: readonly string[]): Project | null {
  try {
    return findProject({ project: valueOf("--project", args) });
  } catch {
    return null;
  }
}

function valueOf(option: string, args: readonly string[]): string | undefined {
  const inline = args.find((arg) => arg.startsWith(`${option}=`));
  if (inline !== undefined) return inline.slice(option.length + 1);
  const index = args.indexOf(option);
  return index < 0 ? undefined : args[index + 1];
}
