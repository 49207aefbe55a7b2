/** Texts that `new` begins a file with and that nobody has replaced: agents read them as they are. Pure. */

import type { Diagnostic } from "../query/diagnostic.ts";

/** Parts of what `src/scaffold` writes that are advice to a person; a test holds the two together. */
export const placeholders = [
  "What the tools of this module are about, for the agent that picks among them",
  "Replace the query with yours",
  "Say here what an agent should know",
];

/** One finding a module, at its first file, that names the others. */
export function findPlaceholders(sources: ReadonlyMap<string, string>): Diagnostic[] {
  const byModule = new Map<string, { path: string; line: number }[]>();
  for (const [path, text] of sources) {
    const line = placeholderLine(text);
    if (line === null) continue;
    const module = path.split("/")[0] ?? "";
    byModule.set(module, [...byModule.get(module) ?? [], { path, line }]);
  }
  return [...byModule.values()].map((found): Diagnostic => {
    const [first, ...others] = found;
    const names = others.slice(0, 5).map(({ path }) => path).join(", ");
    const more = others.length > 5 ? ` and ${others.length - 5} more` : "";
    return {
      code: "description-placeholder",
      severity: "warning",
      path: first!.path,
      line: first!.line,
      column: 1,
      message: `Agents read the text that the file began with${
        others.length === 0 ? "" : `, and that of ${names}${more}`
      }`,
      hint: "Write what the tool answers and when to pick it",
    };
  });
}

/** The text is wrapped over lines of the header, so it is looked for without their ends. */
function placeholderLine(text: string): number | null {
  const lines = text.slice(0, 4000).split("\n").map((line) => line.replace(/^--\s?/, "").trim());
  const whole = lines.join(" ");
  for (const placeholder of placeholders) {
    const at = whole.indexOf(placeholder);
    if (at < 0) continue;
    let end = 0;
    for (const [index, line] of lines.entries()) {
      end += line.length + 1;
      if (at < end) return index + 1;
    }
  }
  return null;
}
