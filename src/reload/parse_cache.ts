/** Parses a query file only when its bytes or its module's defaults are others than at the last time. */

import { createHash } from "node:crypto";
import { type ParsedFile, parseQuery, type QueryFile } from "../query/parse.ts";

export class ParseMemory {
  readonly #known = new Map<string, { key: string; parsed: ParsedFile }>();

  readonly parse = (file: QueryFile): ParsedFile => {
    const defaults = JSON.stringify(file.moduleDefaults ?? null);
    const key = createHash("sha256").update(defaults).update(file.bytes).digest("base64");
    const known = this.#known.get(file.path);
    if (known?.key === key) return known.parsed;
    const parsed = parseQuery(file);
    this.#known.set(file.path, { key, parsed });
    return parsed;
  };

  /** Forgets all other files. */
  keepOnly(paths: ReadonlyMap<string, unknown>): void {
    for (const path of this.#known.keys()) if (!paths.has(path)) this.#known.delete(path);
  }
}
