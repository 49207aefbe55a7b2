/** What the extension of a project has the sandboxed server need: the flags are made from it. */

import { join, resolve } from "node:path";
import type { Config } from "../config.ts";
import { SqlwrightError } from "../errors.ts";
import type { ExtensionRights } from "../permissions.ts";
import { productDirectory } from "../project.ts";
import { configurationFolder, faceName, writeConfiguration } from "./configuration.ts";
import { readManifest } from "./manifest.ts";

export interface ServerExtension extends ExtensionRights {
  /** The configuration with the extension's packages; null where the server needs none of them. */
  configFile: string | null;
}

/**
 * Undefined without an extension.
 * @throws {SqlwrightError} `extension.invalid`, `config.invalid`
 */
export async function serverExtension(config: Config): Promise<ServerExtension | undefined> {
  const { project } = config;
  const manifest = await readManifest(config);
  if (project === null || manifest === null) return undefined;
  const { usesPackages, hosts, variables, readPaths } = manifest;
  const configFile = usesPackages ? await writeConfiguration(project) : null;
  if (usesPackages && configFile === null) {
    throw new SqlwrightError(
      "extension.invalid",
      `Cannot use the extension ${project.extension}: it needs packages, and there is no deno.json`,
      { hint: `Name them in the imports of ${join(project.directory, "deno.json")}` },
    );
  }
  const face = configFile === null ? [] : [join(project.directory, configurationFolder, faceName)];
  return {
    configFile,
    hosts,
    variables,
    readPaths: [
      project.extension!,
      ...readPaths.map((path) => resolve(project.directory, path)),
      // It is imported by a name that no entry point has, and so are the files of sqlwright that it imports.
      `${productDirectory}mod.ts`,
      `${productDirectory}src`,
      ...face,
    ],
  };
}
