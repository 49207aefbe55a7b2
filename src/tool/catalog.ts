/** The catalogue of tools: frozen, and swapped whole. */

import type { Module } from "../query/model.ts";
import type { Catalog, Tool } from "./model.ts";

export function catalogOf(tools: readonly Tool[], modules: readonly Module[]): Catalog {
  const sorted = tools.toSorted((a, b) => a.name < b.name ? -1 : 1);
  return Object.freeze({ tools: new Map(sorted.map((tool) => [tool.name, Object.freeze(tool)])), modules });
}
