/**
 * XML of filings as plain objects of text. Nothing in it is expanded: a document type declaration is refused,
 * so the five names of XML and numeric references are all there is, and these are decoded here once, where a
 * text is read. Prefixes of namespaces are dropped.
 */

import { XMLParser, XMLValidator } from "fast-xml-parser";
import { sourceInvalid } from "./source_error.ts";

/**
 * An element: its children by name (an array where there are several), `@name` attributes, `#text` and
 * `#cdata`; without any of these its text.
 */
export type XmlNode = string | { [name: string]: XmlNode | XmlNode[] };

export interface XmlPlace {
  path: string;
  /** The document within a whole submission. */
  member?: string | undefined;
}

/** The name of the outermost element without its prefix; null when the text is no XML. */
export function xmlRootOf(text: string): string | null {
  // What may stand before it, step by step: one pattern for all would go back and forth over a long comment.
  for (let at = 0;;) {
    at += /^[\s\uFEFF]*/.exec(text.slice(at, at + 4_096))![0].length;
    let end: string;
    if (text.startsWith("<?", at)) end = "?>";
    else if (text.startsWith("<!--", at)) end = "-->";
    else if (text.startsWith("<!", at)) end = /^[^>[]*\[/.test(text.slice(at, at + 1_024)) ? "]>" : ">";
    else return /^<(?:[\w.-]+:)?([\w.-]+)/.exec(text.slice(at, at + 1_024))?.[1] ?? null;
    const found = text.indexOf(end, at);
    if (found < 0) return null;
    at = found + end.length;
  }
}

/** The outermost element. Text that is not well formed, cut short, or declares entities is refused. */
export function parseXml(text: string, place: XmlPlace): XmlNode {
  const { path, member } = place;
  const declaration = /<!(?:DOCTYPE|ENTITY)/i.exec(text);
  if (declaration) {
    throw sourceInvalid(path, "a document type declaration, which SEC's XML never has, was found", {
      member,
      line: lineOf(text, declaration.index),
    });
  }
  const root = xmlRootOf(text);
  if (root === null) throw sourceInvalid(path, "XML is due", { member, line: 1, value: text.slice(0, 80) });
  if (
    !new RegExp(`(?:</(?:[\\w.-]+:)?${root.replaceAll(".", "\\.")}|/)\\s*>\\s*(?:<!--[^>]*-->\\s*)*$`).test(
      text.slice(-4_096),
    )
  ) {
    throw sourceInvalid(path, `the file ends before its </${root}>`, {
      member,
      line: lineOf(text, text.length),
    });
  }
  const checked = XMLValidator.validate(text);
  if (checked !== true) {
    const { line, col, msg } = checked.err;
    throw sourceInvalid(path, `the XML is not well formed: ${msg}`, { member, line, column: col });
  }
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "@",
    cdataPropName: "#cdata",
    ignoreDeclaration: true,
    ignorePiTags: true,
    parseTagValue: false,
    parseAttributeValue: false,
    processEntities: false,
    removeNSPrefix: true,
    trimValues: true,
  });
  let parsed: { [name: string]: XmlNode };
  try {
    parsed = parser.parse(text);
  } catch (cause) {
    throw sourceInvalid(path, "the XML cannot be read", { member }, cause);
  }
  return parsed[root] ?? "";
}

/** All elements at a path of names below a node, in order. */
export function elementsOf(node: XmlNode | undefined, ...names: readonly string[]): XmlNode[] {
  let nodes: XmlNode[] = node === undefined ? [] : [node];
  for (const name of names) {
    nodes = nodes.flatMap((each) => {
      const found = typeof each === "string" ? undefined : each[name];
      return found === undefined ? [] : Array.isArray(found) ? found : [found];
    });
  }
  return nodes;
}

/** The text of the first element at a path of names; null where there is none or it is empty. */
export function textAt(node: XmlNode | undefined, ...names: readonly string[]): string | null {
  const [found] = elementsOf(node, ...names);
  if (found === undefined) return null;
  if (typeof found === "string") return decoded(found);
  const [text, data] = [found["#text"], found["#cdata"]];
  const whole = (typeof text === "string" ? decoded(text) ?? "" : "") +
    (data === undefined ? "" : [data].flat().filter((part) => typeof part === "string").join(""));
  return whole === "" ? null : whole;
}

const names: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decoded(text: string): string | null {
  if (text === "") return null;
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w+));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return names[name] ?? whole;
    const code = decimal === undefined ? parseInt(hex, 16) : Number(decimal);
    // NUL and half characters are no text; what XML forbids stays visible as it was written.
    return code === 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)
      ? whole
      : String.fromCodePoint(code);
  });
}

function lineOf(text: string, position: number): number {
  return text.slice(0, position).split("\n").length;
}
