/**
 * HTML to text, in parts for search. It is the one work of a load that holds a thread for long (8 MB a
 * second), so this module is also what a worker runs: it imports nothing of this project, because the sandbox
 * lets a worker read this one file alone.
 */

import { compile, type FormatCallback, type HtmlToTextOptions } from "html-to-text";

export type TextParts =
  | { parts: string[] }
  /** Elements are nested more than `maximumDepth` deep, first in this line. */
  | { deepLine: number; maximumDepth: number };

/** What a worker is sent; it answers one `TextParts`. */
export interface TextWork {
  html: string;
}

const partCharacters = 8_000;
/**
 * The walk is recursive, and its time grows with the square of the depth. Documents of filings come to some
 * dozens.
 */
const maximumDepth = 500;

/** What a reader sees of the HTML, in parts. */
export function htmlToParts(html: string): TextParts {
  const plain = withoutStyle(html);
  if (typeof plain === "number") return { deepLine: plain, maximumDepth };
  return { parts: splitText(htmlToText(plain)) };
}

/** What a reader sees of the HTML, as lines. */
export function htmlToText(html: string): string {
  return tidy(compile({ ...htmlOptions, limits: { maxInputLength: html.length } })(html));
}

/** Paragraphs together up to the limit; one that is longer is cut after a sentence, else a word. */
export function splitText(text: string, limit = partCharacters): string[] {
  const parts: string[] = [];
  let part = "";
  for (const paragraph of text.split(/\n{2,}/)) {
    if (part !== "" && part.length + 2 + paragraph.length > limit) {
      parts.push(part);
      part = "";
    }
    let rest = part === "" ? paragraph : `${part}\n\n${paragraph}`;
    while (rest.length > limit) {
      const end = endWithin(rest, limit);
      parts.push(rest.slice(0, end).trimEnd());
      rest = rest.slice(end).trimStart();
    }
    part = rest;
  }
  if (part.trim() !== "") parts.push(part);
  return parts.map((each) => each.trim()).filter((each) => each !== "");
}

function endWithin(text: string, limit: number): number {
  const start = text.slice(0, limit);
  for (const boundary of [/^[\s\S]*\n/, /^[\s\S]*[.!?;][)"”’]?\s/, /^[\s\S]*\s/]) {
    const end = boundary.exec(start)?.[0].length ?? 0;
    // A boundary far up front would make a crumb of a part.
    if (end > limit / 2) return end;
  }
  // Not between the two halves of a character.
  const code = text.charCodeAt(limit - 1);
  return code >= 0xd800 && code < 0xdc00 ? limit - 1 : limit;
}

/**
 * A table as lines: the cells of a row that hold anything, parted by bars. Filers put currency and percent
 * signs and brackets into cells of their own; these go back to their number. A table of one cell a row is
 * layout and stays paragraphs.
 */
const formatTable: FormatCallback = (element, walk, builder) => {
  const walkRows = (nodes: typeof element.children) => {
    for (const node of nodes ?? []) {
      if (node.type !== "tag") continue;
      if (node.name !== "tr") {
        walkRows(node.children);
        continue;
      }
      builder.openTableRow();
      for (const cell of node.children ?? []) {
        if (cell.type !== "tag" || (cell.name !== "td" && cell.name !== "th")) continue;
        builder.openTableCell({});
        walk(cell.children, builder);
        builder.closeTableCell({ colspan: 1, rowspan: 1 });
      }
      builder.closeTableRow();
    }
  };
  builder.openTable();
  walkRows(element.children);
  builder.closeTable({ leadingLineBreaks: 2, trailingLineBreaks: 2, tableToString: tableText });
};

/** As html-to-text hands rows over. */
interface TableCell {
  text?: string;
}

function tableText(rows: readonly (readonly TableCell[])[]): string {
  return rows.map((cells) => {
    const texts = cells
      .map(({ text = "" }) => text.trim())
      .filter((text) => text !== "");
    if (texts.length <= 1) return texts[0] ?? "";
    return texts.map((text) => text.replace(/\s+/g, " ")).join(" | ")
      .replace(/([$€£¥(]) \| /g, "$1")
      .replace(/ \| ([)%]+)(?= \||$)/g, "$1");
  }).filter((line) => line !== "").join("\n");
}

const skip = { format: "skip" };

const htmlOptions: HtmlToTextOptions = {
  wordwrap: false,
  formatters: { table: formatTable },
  selectors: [
    { selector: "table", format: "table" },
    { selector: "a", options: { ignoreHref: true } },
    { selector: "hr", ...skip },
    { selector: "img", ...skip },
    { selector: "head", ...skip },
    { selector: "title", ...skip },
    { selector: "ix\\:header", ...skip },
    { selector: "ix\\:hidden", ...skip },
    { selector: "[style*='display:none' i]", ...skip },
    { selector: "[style*='display: none' i]", ...skip },
    ...["h1", "h2", "h3", "h4", "h5", "h6"].map((selector) => ({ selector, options: { uppercase: false } })),
  ],
};

/**
 * The HTML without tags that only style. Old filings open them by the thousand and never close them, which
 * would nest all that follows. What is nested too deeply even so is refused, with its line: cutting it off
 * would lose text without a word.
 */
function withoutStyle(html: string): string | number {
  const plain = html.replace(/<\/?(?:font|b|i|u|em|strong|small|big|tt|s|strike)(?:\s[^<>]*)?>/gi, "");
  const tag = /<(\/?)([a-z][\w:.-]*)[^<>]*?(\/?)>/gi;
  const open: string[] = [];
  for (let found = tag.exec(plain); found !== null; found = tag.exec(plain)) {
    const name = found[2]!.toLowerCase();
    if (found[1] === "/") {
      const at = open.lastIndexOf(name);
      if (at >= 0) open.length = at;
    } else if (found[3] !== "/" && !neverNested.has(name)) {
      // The parser closes these before another of their kind.
      if (open.at(-1) === name && closedByNext.has(name)) open.pop();
      if (open.push(name) > maximumDepth) {
        return plain.slice(0, found.index).split("\n").length;
      }
    }
  }
  return plain;
}

const neverNested = new Set(["area", "base", "br", "col", "hr", "img", "input", "link", "meta", "wbr"]);
const closedByNext = new Set(["dd", "dt", "li", "option", "p", "td", "th", "tr"]);

/** Spaces that only lay out, and characters that are none, go; so do more than one empty line. */
export function tidy(text: string): string {
  return text
    .replace(/\r\n?/g, "\n")
    .replace(/[\u00A0\u2000-\u200A\u202F\u3000\t]/g, " ")
    .replace(/[\u00AD\u200B-\u200F\u2060\uFEFF\uFFFD]/g, "")
    .replaceAll("\0", "")
    .replace(/(?<! ) +$/gm, "")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

/** What a worker's global object has; the main thread's lacks `WorkerGlobalScope`. */
interface WorkerScope {
  WorkerGlobalScope?: unknown;
  onmessage: ((event: MessageEvent<TextWork>) => void) | null;
  postMessage(answer: TextParts): void;
}

const scope = globalThis as unknown as WorkerScope;
if (scope.WorkerGlobalScope !== undefined) {
  scope.onmessage = ({ data }) => scope.postMessage(htmlToParts(data.html));
}
