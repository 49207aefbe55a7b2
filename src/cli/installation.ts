/**
 * From where this sqlwright runs: a checkout of its repository, or npm's copy of it. The path alone says so.
 */

import { fileURLToPath } from "node:url";

/**
 * `checkout`: a folder of one's own, with `deno task`. `global`: `npm install --global`. `npx`: npx's cache,
 * whose paths do not last. `local`: a folder's node_modules.
 */
export type Installation = "checkout" | "global" | "npx" | "local";

/** Where the product at this path was installed. */
export function installationOf(directory: string): Installation {
  const path = directory.replaceAll("\\", "/");
  if (!path.includes("/node_modules/")) return "checkout";
  if (/\/_npx\/[^/]+\/node_modules\//.test(path)) return "npx";
  // npm keeps them below lib on Unix and in its own folder on Windows, pnpm in a folder called global.
  return /\/(lib|npm|global\/.*)\/node_modules\//.test(path) ? "global" : "local";
}

/** How this one was installed. */
export const installation: Installation = installationOf(fileURLToPath(new URL("../../", import.meta.url)));

const names: Record<Installation, string> = {
  checkout: "deno task sqlwright",
  global: "sqlwright",
  npx: "npx sqlwright",
  local: "npx sqlwright",
};

/** What a person types before a command's name, for help and examples: `npx sqlwright`. */
export const commandName: string = names[installation];
