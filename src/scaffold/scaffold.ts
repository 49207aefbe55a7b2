/**
 * The text of a new query file: one template a kind, over a table of the database (`over_table.ts`) or, for
 * kinds that only read, over a few rows of its own. Every file made here passes `check` as it is; a test
 * holds it to that. Pure.
 */

import type { Kind } from "../query/model.ts";
import type { ScaffoldOptions, ScaffoldParts, ScaffoldTable } from "./model.ts";
import { overTable } from "./over_table.ts";
import { plain, subjectOf } from "./phrases.ts";

/** Kinds that need a table. */
export const kindsOverTables: readonly Kind[] = ["view", "exec", "unnest", "copy"];

/** @throws {ScaffoldRefusal} when the table does not have what the kind needs */
export function scaffoldQuery({ table, ...options }: ScaffoldOptions): string {
  const { name, kind } = options;
  const parts = table === null ? withoutTable(kind) : overTable(options, table);
  const header = [
    `-- name: ${name} :${kind}`,
    `-- title: ${titleOf(name)}`,
    ...wrap(parts.description),
    ...(parts.tags.length > 0 ? ["--", ...parts.tags.map((tag) => `-- ${tag}`)] : []),
  ];
  return `${header.join("\n")}\n\n${parts.sql}\n`;
}

/** @param tables those that its first tools are over; none leaves the text to a person */
export function scaffoldModule(module: string, tables: readonly ScaffoldTable[] = []): string {
  const title = `-- title: ${titleOf(module)}\n`;
  if (tables.length > 0) return `${title}${wrap(moduleText(tables)).join("\n")}\n`;
  return title +
    "-- What the tools of this module are about, for the agent that picks among them: where to begin, " +
    "and what the\n-- values mean.\n";
}

/** What the tables are, by their comments where they have any. */
function moduleText(tables: readonly ScaffoldTable[]): string {
  const shown = tables.slice(0, mostNamed).map((table) => {
    const comment = plain(table.comment ?? "").replace(/[.\s]+$/, "").slice(0, 80);
    return comment === "" ? subjectOf(table) : `${subjectOf(table)} (${comment})`;
  });
  const more = tables.length - shown.length;
  return `Tables of the database, listed page by page and row by row: ${shown.join("; ")}${
    more > 0 ? `; and ${more} more` : ""
  }.`;
}

const mostNamed = 12;

export function titleOf(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function withoutTable(kind: Kind): ScaffoldParts {
  switch (kind) {
    case "many":
      return {
        description:
          "The first whole numbers with their squares. Replace the query with yours, and this text with " +
          "what an agent should know to pick the tool.",
        tags: [
          "@param max = 10    How many rows to return   {minimum: 1, maximum: 100}",
          "@column n!         The number",
          "@column square!    Its square",
          "@example three  {max: 3}  => {rows: [{n: 1, square: 1}, {n: 2, square: 4}, {n: 3, square: 9}]}",
        ],
        sql: "select\n  number.n,\n  number.n * number.n as square\n" +
          "from generate_series(1, :max::integer) as number (n)\norder by number.n\nlimit :max;",
      };
    case "one":
      return {
        description: "One colour by its name. Null when the name is unknown. Replace the query with yours.",
        tags: [
          "@param name     Name of the colour   {minLength: 1, maxLength: 40}",
          "@column hex!    Its code",
          "@example red      {name: red}    => {row: {name: red, hex: '#ff0000'}}",
          "@example unknown  {name: stone}  => null",
        ],
        sql: "select colour.name, colour.hex\nfrom (\n  values ('red', '#ff0000'), ('green', '#00ff00')\n" +
          ") as colour (name, hex)\nwhere colour.name = :'name'::text;",
      };
    case "value":
      return {
        description: "The sum of the whole numbers from 1 up to a limit. Replace the query with yours.",
        tags: [
          "@param up_to = 10   The last number   {minimum: 1, maximum: 1000}",
          "@example ten  {up_to: 10}  => {value: 55}",
        ],
        sql: "select sum(number.n) as total\nfrom generate_series(1, :up_to::integer) as number (n);",
      };
    case "report":
      return {
        description: "One document: a count and a list. Replace the query with yours.",
        tags: [
          "@param max = 3   How many numbers to list   {minimum: 1, maximum: 100}",
          "@example two  {max: 2}  => {report: {count: 2, numbers: [{n: 1, square: 1}, {n: 2}]}}",
        ],
        sql: "select json_build_object(\n  'count', count(*),\n  'numbers', coalesce(\n" +
          "    json_agg(json_build_object('n', number.n, 'square', number.n * number.n) " +
          "order by number.n),\n" +
          "    '[]'\n  )\n) as report\nfrom generate_series(1, :max::integer) as number (n);",
      };
    case "view":
    case "exec":
    case "unnest":
    case "copy":
      throw new TypeError(`a :${kind} works on a table`);
    default:
      throw new TypeError(`unknown kind: ${kind satisfies never}`);
  }
}

const lineWidth = 110;

/** A line never begins with `@`, which would make a tag of it. */
function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = "--";
  for (const word of text.split(" ")) {
    if (line.length + 1 + word.length > lineWidth && !word.startsWith("@") && line !== "--") {
      lines.push(line);
      line = "--";
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
