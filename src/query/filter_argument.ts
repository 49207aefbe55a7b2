/** How the tool's argument is called that a `@filter` makes. */

import type { FilterTag } from "./model.ts";

/** `filed_on` for `=`, `~` and `in`; `filed_on_from` and `filed_on_to` for `>=` and `<=`. */
export function filterArgument({ column, operator }: Pick<FilterTag, "column" | "operator">): string {
  return operator === ">=" ? `${column}_from` : operator === "<=" ? `${column}_to` : column;
}
