/**
 * SEC's Financial Statement Data Sets: a zip a quarter with four tables, tab separated with CSV quoting.
 * Columns are found by the header, because editions before 2024-11 have no `segments` and another order. Rows
 * go through as they arrive: SEC's own text of each value, checked, "" as NULL. The archive's checksum is
 * verified at the end of each table.
 */

import type { ArchiveMember } from "sqlwright";
import { zipMembers } from "./bulk_archive.ts";
import type { LoadQuery, LoadStep, Row } from "./load_step.ts";
import type { ParseLimits, SourceFile } from "../source/source_file.ts";
import { readLines } from "../source/source_bytes.ts";
import { sourceInvalid } from "../source/source_error.ts";
import { accessionPattern, cikOf, dateOf, isDecimal } from "../source/source_field.ts";

type Check = "accession" | "cik" | "date" | "decimal" | "integer" | "flag";

interface Table {
  member: string;
  query: LoadQuery;
  /**
   * SEC's names; a `!` marks what every edition has and no row may leave empty, a `?` what older editions
   * have not.
   */
  columns: readonly string[];
  checks: Readonly<Record<string, Check>>;
}

const words = (text: string) => text.trim().split(/\s+/);

/** In the order of what refers to what. */
const tables: readonly Table[] = [
  {
    member: "sub.txt",
    query: "load_statement_submissions",
    columns: words(
      `adsh! cik! name! sic countryba stprba cityba zipba bas1 bas2 baph countryma stprma cityma zipma mas1
      mas2 countryinc stprinc ein former changed afs wksi fye form! period fy fp filed! accepted prevrpt
      detail instance nciks aciks`,
    ),
    checks: {
      adsh: "accession",
      cik: "cik",
      changed: "date",
      wksi: "flag",
      period: "date",
      fy: "integer",
      filed: "date",
      prevrpt: "flag",
      detail: "flag",
      nciks: "integer",
    },
  },
  {
    member: "tag.txt",
    query: "load_statement_tags",
    columns: words("tag! version! custom! abstract! datatype iord crdr tlabel doc"),
    checks: { custom: "flag", abstract: "flag" },
  },
  {
    member: "num.txt",
    query: "load_statement_numbers",
    columns: words("adsh! tag! version! ddate! qtrs! uom! segments? coreg value footnote"),
    checks: { adsh: "accession", ddate: "date", qtrs: "integer", value: "decimal" },
  },
  {
    member: "pre.txt",
    query: "load_statement_presentations",
    columns: words("adsh! report! line! stmt inpth rfile tag! version! plabel negating?"),
    checks: { adsh: "accession", report: "integer", line: "integer", inpth: "flag", negating: "flag" },
  },
];

/** A row with a quote that is still open after this many characters has one too few. */
const quotedCharacters = 65_536;

/** Submissions, tags, numbers, presentations. The archive's own description is left out. */
export async function* parseStatementDataSets(
  file: SourceFile,
  limits: ParseLimits,
): AsyncGenerator<LoadStep> {
  const members = new Map<string, ArchiveMember>();
  for await (const member of zipMembers(file, limits)) members.set(member.name.split("/").at(-1)!, member);
  for (const table of tables) {
    if (!members.has(table.member)) {
      throw sourceInvalid(file.path, `the member ${table.member} is missing`, {
        value: [...members.keys()].slice(0, 8).join(", "),
      });
    }
  }
  for (const table of tables) {
    yield {
      query: table.query,
      columns: table.columns.map(nameOf),
      batches: tableRows(file.path, members.get(table.member)!.bytes, { table, limits }),
    };
  }
}

const nameOf = (column: string) => column.replace(/[!?]$/, "");

/** Rows of one table. */
async function* tableRows(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  { table, limits }: { table: Table; limits: ParseLimits },
): AsyncGenerator<Row[]> {
  const { member } = table;
  let readRow: ((fields: string[], line: number) => Row) | null = null;
  let batch: Row[] = [];
  // A quoted field may go over several lines: they are gathered until its quote closes.
  let open = "";
  let openLine = 0;
  for await (const { lines, first_line } of readLines(path, bytes, { limits, member })) {
    for (let index = 0; index < lines.length; index++) {
      let line = lines[index]!;
      let number = first_line + index;
      if (open !== "") {
        line = `${open}\n${line}`;
        number = openLine;
      }
      const fields = line.includes('"') ? splitQuoted(line) : line.split("\t");
      if (fields === "open") {
        if (line.length > quotedCharacters) {
          throw sourceInvalid(path, "a quote that begins here is not closed", { member, line: number });
        }
        [open, openLine] = [line, number];
        continue;
      }
      open = "";
      if (typeof fields === "object" && "column" in fields) {
        throw sourceInvalid(path, "a tab is due after a closing quote", {
          member,
          line: number,
          column: fields.column,
        });
      }
      if (readRow === null) {
        readRow = rowReader(path, fields, table);
        continue;
      }
      if (line === "") continue;
      batch.push(readRow(fields, number));
      if (batch.length >= limits.batch_rows) {
        yield batch;
        batch = [];
      }
    }
  }
  if (open !== "") {
    throw sourceInvalid(path, "a quote that begins here is not closed", { member, line: openLine });
  }
  if (readRow === null) throw sourceInvalid(path, "the header is missing", { member, line: 1 });
  if (batch.length > 0) yield batch;
}

/**
 * How a row of this file becomes one of ours: by the names in its header. Columns that we do not know are
 * passed over.
 */
function rowReader(
  path: string,
  header: readonly string[],
  { member, columns, checks }: Table,
): (fields: string[], line: number) => Row {
  const plan = columns.map((column) => {
    const name = nameOf(column);
    const place = header.indexOf(name);
    if (place < 0 && !column.endsWith("?")) {
      throw sourceInvalid(path, `the column ${name} is missing`, {
        member,
        line: 1,
        value: header.join(" "),
      });
    }
    return { name, place, isRequired: column.endsWith("!"), check: checks[name] };
  });
  const known = new Set<string>();
  return (fields, line) => {
    if (fields.length !== header.length) {
      throw sourceInvalid(path, `${header.length} fields are due, ${fields.length} were found`, {
        member,
        line,
      });
    }
    const row: Row = new Array(plan.length);
    for (let index = 0; index < plan.length; index++) {
      const { name, place, isRequired, check } = plan[index]!;
      const text = place < 0 ? "" : fields[place]!;
      if (text === "") {
        if (isRequired) throw sourceInvalid(path, "a value is due", { member, line, field: name });
        row[index] = null;
        continue;
      }
      if (check !== undefined) {
        const key = check === "decimal" ? "" : `${check} ${text}`;
        if (key === "" || !known.has(key)) {
          if (!passes(text, check)) {
            throw sourceInvalid(path, `${dueOf[check]} is due`, { member, line, field: name, value: text });
          }
          // What was checked is remembered within a bound: dates and accession numbers repeat by the
          // thousand.
          if (key !== "" && known.size < 100_000) known.add(key);
        }
      }
      row[index] = text;
    }
    return row;
  };
}

const dueOf: Record<Check, string> = {
  accession: "an accession number",
  cik: "a company number",
  date: "a date",
  decimal: "a decimal",
  integer: "a whole number",
  flag: "0 or 1",
};

function passes(text: string, check: Check): boolean {
  switch (check) {
    case "accession":
      return accessionPattern.test(text);
    case "cik":
      return cikOf(text) !== null;
    case "date":
      return dateOf(text) !== null;
    case "decimal":
      return isDecimal(text);
    case "integer":
      return /^-?\d{1,9}$/.test(text);
    case "flag":
      return text === "0" || text === "1";
    default:
      return check satisfies never;
  }
}

/**
 * Fields of a line with quotes: "open" when a quote does not close, the column of what stands wrongly after a
 * closing one.
 */
function splitQuoted(line: string): string[] | "open" | { column: number } {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (line[at] === '"') {
      let field = "";
      let from = at + 1;
      for (;;) {
        const quote = line.indexOf('"', from);
        if (quote < 0) return "open";
        field += line.slice(from, quote);
        if (line[quote + 1] !== '"') {
          at = quote + 1;
          break;
        }
        field += '"';
        from = quote + 2;
      }
      fields.push(field);
      if (at >= line.length) return fields;
      if (line[at] !== "\t") return { column: at + 1 };
    } else {
      // A quote within a field that does not begin with one is a letter like any other.
      const tab = line.indexOf("\t", at);
      if (tab < 0) {
        fields.push(line.slice(at));
        return fields;
      }
      fields.push(line.slice(at, tab));
      at = tab;
    }
    at++;
  }
}
