/**
 * Takes the header of a file apart into its name line, title, prose and tags; what a tag's value means is
 * `tags.ts`.
 *
 * The header is every line from the first to the one before the first line that is not a `--` comment. The
 * value of a tag with continuation lines is one text with a line end at each joint, and a map from it back to
 * the file.
 */
import { didYouMean, type Report } from "../diagnostic.ts";
import { type Kind, kinds, type PlaceAt } from "../model.ts";

/** A text gathered from pieces of the source. */
export interface MappedText {
  text: string;
  pieces: { index: number; offset: number }[];
}

export interface TagLines {
  /** Without the `@`. */
  name: string;
  /** Offset of the `@` in the source. */
  offset: number;
  value: MappedText;
}

export interface HeaderLines {
  /** Null when the first line is wrong or, in `_module.sql`, has none. */
  name: { text: string; offset: number } | null;
  kind: { name: Kind; offset: number } | null;
  title: string | null;
  description: string;
  tags: TagLines[];
  /** Offset of the first character after the header. */
  bodyStart: number;
}

interface Line {
  text: string;
  offset: number;
}

export function offsetAt(mapped: MappedText, index: number): number {
  const piece = mapped.pieces.findLast((candidate) => candidate.index <= index) ?? mapped.pieces[0];
  return piece === undefined ? 0 : piece.offset + index - piece.index;
}

export function readHeaderLines(
  source: string,
  placeAt: PlaceAt,
  report: Report,
  { isModule }: { isModule: boolean },
): HeaderLines {
  const lines = cutHeader(source);
  const header: HeaderLines = {
    name: null,
    kind: null,
    title: null,
    description: "",
    tags: [],
    bodyStart: (lines.at(-1)?.offset ?? 0) + (lines.at(-1)?.text.length ?? 0),
  };
  const fail = (offset: number, message: string, hint?: string) =>
    report("header-syntax", placeAt(offset), message, hint);
  const rest = isModule ? lines : lines.slice(1);
  if (!isModule) {
    readNameLine(lines[0] ?? { text: source.split(/[\r\n]/, 1)[0] ?? "", offset: 0 }, header, fail);
  }

  const prose: string[] = [];
  let current: TagLines | null = null;
  rest.forEach((line, index) => {
    const after = line.text.slice(2);
    const indent = after.length - after.trimStart().length;
    const content = after.trim();
    const offset = line.offset + 2 + indent;
    if (content === "") {
      if (header.tags.length === 0) prose.push("");
      current = null;
    } else if (/^(name|title):/.test(content) && (indent === 1 || indent === 0)) {
      if (content.startsWith("title:") && index === 0 && indent === 1) {
        header.title = content.slice("title:".length).trim();
        if (header.title === "") fail(offset + "title:".length, "The title is empty");
      } else if (content.startsWith("title:")) {
        const first = isModule ? "the first line" : 'the second line, right after "-- name:"';
        fail(offset, "The title is not in its place", `"-- title: …" is ${first}`);
      } else {
        fail(
          offset,
          isModule ? "_module.sql has no name line" : "A second name line",
          isModule ? "The folder's name is the module's name" : "One file is one tool: write another file",
        );
      }
    } else if (content.startsWith("@") && indent < 4) {
      if (indent !== 1) {
        fail(offset, "A tag does not follow the grammar", 'A tag begins with "-- @", one space between');
      }
      const name = /^@([^\s]*)/.exec(content)?.[1] ?? "";
      const valueStart = content.length - content.slice(name.length + 1).trimStart().length;
      current = {
        name,
        offset,
        value: { text: content.slice(valueStart), pieces: [{ index: 0, offset: offset + valueStart }] },
      };
      header.tags.push(current);
    } else if (header.tags.length === 0) {
      if (indent === 0) {
        fail(offset, "This line does not follow the grammar", 'A line of the header begins with "-- "');
      } else prose.push(after.slice(1).trimEnd());
    } else if (indent >= 4 && current !== null) {
      const { value }: TagLines = current;
      value.pieces.push({ index: value.text.length + 1, offset });
      value.text += `\n${content}`;
    } else {
      fail(
        offset,
        indent >= 4 ? "This line continues no tag" : "Prose stands after a tag",
        "Put prose before the first tag, or indent by four spaces what continues the tag right above",
      );
    }
  });
  header.description = prose.join("\n").trim();
  checkBody(source, header, { isModule, fail });
  return header;
}

function cutHeader(source: string): Line[] {
  const lines: Line[] = [];
  const line = /([^\r\n]*)(\r\n|\n|\r|$)/y;
  while (line.lastIndex < source.length) {
    const offset = line.lastIndex;
    const match = line.exec(source);
    if (match === null || !match[1]?.startsWith("--")) break;
    lines.push({ text: match[1], offset });
  }
  return lines;
}

type Fail = (offset: number, message: string, hint?: string) => void;

function readNameLine(line: Line, header: HeaderLines, fail: Fail): void {
  const opening = "-- name: ";
  const form = 'The first line is "-- name: file_name :kind"';
  if (!line.text.startsWith(opening)) {
    const wrong = [...opening].findIndex((character, index) => line.text[index] !== character);
    fail(line.offset + wrong, "The file does not begin with its name line", form);
    return;
  }
  const name = /^[^\s:]*/.exec(line.text.slice(opening.length))?.[0] ?? "";
  const nameOffset = line.offset + opening.length;
  if (!/^[a-z][a-z0-9_]*$/.test(name)) {
    const found = name === "" ? "The name is missing" : `"${name}" is not a name of a query file`;
    fail(nameOffset, found, "A name is a lower-case letter, then lower-case letters, digits and underscores");
    if (name === "") return;
  } else {
    header.name = { text: name, offset: nameOffset };
  }
  const rest = line.text.slice(opening.length + name.length).trimEnd();
  const restOffset = nameOffset + name.length;
  const match = /^ (:[^\s]*)(.*)$/.exec(rest);
  if (match === null) {
    const wrong = rest.startsWith("  ") ? 1 : 0;
    fail(
      restOffset + wrong,
      rest === "" ? "The kind is missing" : "One space and :kind follow the name",
      form,
    );
    return;
  }
  const kind = kinds.find((known) => match[1] === `:${known}`);
  if (kind === undefined) {
    const known = kinds.map((each) => `:${each}`).join(", ");
    const near = didYouMean((match[1] ?? "").slice(1), kinds, ":");
    fail(restOffset + 1, `"${match[1]}" is not a kind`, near ?? `The kinds are ${known}`);
    return;
  }
  header.kind = { name: kind, offset: restOffset + 1 };
  if (match[2] !== "") {
    fail(restOffset + 1 + kind.length + 1 + 1, "Something follows the kind", form);
  }
}

/** What follows the header: nothing in a module's file, else a blank line. */
function checkBody(
  source: string,
  { bodyStart, name }: HeaderLines,
  { isModule, fail }: { isModule: boolean; fail: Fail },
): void {
  const body = source.slice(bodyStart).replace(/^(\r\n|\n|\r)/, "");
  const offset = source.length - body.length;
  if (isModule) {
    const found = /\S/.exec(body);
    if (found !== null) {
      fail(
        offset + found.index,
        "_module.sql holds something after its header",
        "It is comments only, without a blank line between: title, instructions, default tags",
      );
    }
    return;
  }
  if (name !== null && body !== "" && !/^[^\S\r\n]*([\r\n]|$)/.test(body)) {
    fail(offset, "No blank line parts the header from the SQL", "Put one blank line above this line");
  }
}
