/** `host=… dbname='…'` in its parts, as libpq's conninfo_parse does. */

import { fault } from "./fault.ts";

export const looksLikeKeywords = /^\s*[a-z_]+\s*=/;

/** The values by the names of libpq's parameters, unchecked. @throws {SqlwrightError} `config.invalid` */
export function splitKeywords(text: string, setting: string): Map<string, string> {
  const values = new Map<string, string>();
  const pair = /\s*([^\s=]+)\s*(=?)\s*(?:'((?:[^'\\]|\\[^])*)('?)|((?:[^\s\\']|\\[^])(?:[^\s\\]|\\[^])*)?)/y;
  const end = text.trimEnd().length;
  while (pair.lastIndex < end) {
    const match = pair.exec(text);
    if (match === null) {
      throw fault(setting, "it is not a list of name=value", "Write host=… port=… dbname=… user=…");
    }
    const [, name, equals, quoted, closing, bare] = match;
    if (equals === "") {
      throw fault(
        setting,
        `there is no = behind "${name}"`,
        "Write name=value; a value with a space stands in quotes: '…'",
      );
    }
    if (quoted !== undefined && closing !== "'") {
      throw fault(setting, `the quote of "${name}" is not closed`, "End the value with a quote: '…'");
    }
    values.set(name!, (quoted ?? bare ?? "").replace(/\\([^])/g, "$1"));
  }
  return values;
}
