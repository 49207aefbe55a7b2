/**
 * SEC's lists of filings, full (a quarter) and daily, as `master` (separated by `|`) and as `company` and
 * `form` (fixed width), plain or gzip. They are read line by line. The number of header lines varies, so rows
 * begin after the line of dashes. A filing stands once for each filer, and daily lists repeat whole rows:
 * rows are given on as they are.
 */

import type { LoadStep, Row } from "./load_step.ts";
import type { ParseLimits, SourceFile } from "../source/source_file.ts";
import { readLines } from "../source/source_bytes.ts";
import { sourceInvalid } from "../source/source_error.ts";
import { cikOf, dateOf } from "../source/source_field.ts";

export type IndexKind = "master_index" | "company_index" | "form_index";

const columns = ["cik", "name", "form", "filed_on", "accession", "file_name"] as const;
/** Lines have about 150 characters. */
const maximumLine = 4_096;
/** More header lines than this and the file is no index. */
const headerLines = 64;

/** What a line says, as it stands there. */
interface Entry {
  cik: string;
  name: string;
  form: string;
  date: string;
  file_name: string;
}

/** One row for each line, as they arrive. */
export function* parseIndex(
  file: SourceFile,
  kind: IndexKind,
  limits: ParseLimits,
): Generator<LoadStep> {
  yield { query: "load_index", columns, batches: indexRows(file, kind, limits) };
}

async function* indexRows(file: SourceFile, kind: IndexKind, limits: ParseLimits): AsyncGenerator<Row[]> {
  const { path } = file;
  const lineLimits = { ...limits, line_bytes: Math.min(limits.line_bytes, maximumLine) };
  let header: string[] | null = [];
  let readEntry: (line: string) => Entry | null = readMaster;
  // Days repeat by the thousand: each is checked once.
  const days = new Map<string, string | null>();
  let batch: Row[] = [];
  for await (const { lines, first_line } of readLines(path, file.bytes, { limits: lineLimits })) {
    for (let index = 0; index < lines.length; index++) {
      const line = lines[index]!;
      if (header !== null) {
        if (/^-{20,}\s*$/.test(line)) {
          readEntry = entryReader(path, kind, header);
          header = null;
        } else if (header.push(line) > headerLines) {
          throw sourceInvalid(path, `no line of dashes ends the header within ${headerLines} lines`, {
            line: 1,
          });
        }
        continue;
      }
      if (line.trim() === "") continue;
      const place = { line: first_line + index };
      const entry = readEntry(line);
      if (entry === null) {
        throw sourceInvalid(path, "company number, name, form, date and file name are due", {
          ...place,
          value: line,
        });
      }
      const cik = cikOf(entry.cik);
      if (cik === null) {
        throw sourceInvalid(path, "a company number is due", { ...place, field: "CIK", value: entry.cik });
      }
      let day = days.get(entry.date);
      if (day === undefined) days.set(entry.date, day = dateOf(entry.date));
      if (day === null) {
        throw sourceInvalid(path, "a date is due", { ...place, field: "Date Filed", value: entry.date });
      }
      const accession = /^edgar\/data\/\d{1,10}\/(?:\d{18}\/)?(\d{10}-\d{2}-\d{6})\.txt$/.exec(
        entry.file_name,
      )?.[1];
      if (accession === undefined) {
        throw sourceInvalid(path, "a file name that ends in accession number and .txt is due", {
          ...place,
          field: "File Name",
          value: entry.file_name,
        });
      }
      if (entry.form === "") {
        throw sourceInvalid(path, "the form is missing", { ...place, field: "Form Type" });
      }
      if (entry.name === "") {
        throw sourceInvalid(path, "the name is missing", { ...place, field: "Company Name" });
      }
      batch.push([cik, entry.name, entry.form, day, accession, entry.file_name]);
      if (batch.length >= limits.batch_rows) {
        yield batch;
        batch = [];
      }
    }
  }
  if (header !== null) {
    throw sourceInvalid(path, "no line of dashes ends the header: the file is cut or no index");
  }
  if (batch.length > 0) yield batch;
}

/** Names contain no `|`; were there one, the form, date and file name would still be the last three. */
function readMaster(line: string): Entry | null {
  const parts = line.split("|");
  if (parts.length < 5) return null;
  const [form, date, file] = parts.slice(-3) as [string, string, string];
  return {
    cik: parts[0]!.trim(),
    name: parts.slice(1, -3).join("|").trim(),
    form: form.trim(),
    date: date.trim(),
    file_name: file.trim(),
  };
}

/**
 * Which order the columns have, and where the second begins, is read from the titles: SEC moved it when forms
 * grew longer.
 */
function entryReader(
  path: string,
  kind: IndexKind,
  header: readonly string[],
): (line: string) => Entry | null {
  const titles = header.findLast((line) => /Company Name/.test(line) && /Form Type/.test(line));
  if (titles === undefined) {
    throw sourceInvalid(path, "the titles of the columns are missing above the dashes");
  }
  const isMaster = titles.includes("|");
  const [company, form] = [titles.indexOf("Company Name"), titles.indexOf("Form Type")];
  const found: IndexKind = isMaster ? "master_index" : company < form ? "company_index" : "form_index";
  if (found !== kind) {
    throw sourceInvalid(path, `the columns of a ${kind.replace("_", " ")} are due`, { value: titles.trim() });
  }
  return isMaster ? readMaster : (line) => readFixed(line, Math.max(company, form), kind === "form_index");
}

/**
 * From the right, where nothing overflows: file name, date and company number have no spaces. What is left is
 * a name and a form, divided where the second title stands; where the first one overflows that place, by the
 * gap between them, and without a gap by what forms of two words look like.
 */
function readFixed(line: string, second: number, isFormFirst: boolean): Entry | null {
  const right = /\s(\d{1,10})\s+(\d{8}|\d{4}-\d{2}-\d{2})\s+(\S+)\s*$/.exec(line);
  if (right === null) return null;
  const left = line.slice(0, right.index).trimEnd();
  let parts: [string, string] | null = null;
  if (left.length > second && left[second - 1] === " " && left[second] !== " ") {
    parts = [left.slice(0, second), left.slice(second)];
  } else {
    const gap = isFormFirst ? /^(.*?\S) {2,}(\S.*)$/.exec(left) : /^(.*\S) {2,}(\S.*)$/.exec(left);
    const words = gap ?? (isFormFirst ? formThenName : nameThenForm).exec(left);
    if (words) parts = [words[1]!, words[2]!];
  }
  if (parts === null) return null;
  const [first, last] = [parts[0].trim(), parts[1].trim()];
  return {
    cik: right[1]!,
    name: isFormFirst ? last : first,
    form: isFormFirst ? first : last,
    date: right[2]!,
    file_name: right[3]!,
  };
}

/** Forms of several words, as they occur in SEC's indexes; all others are one word. */
const firstWord = "SC|SCHEDULE|DEF|DEFA|PRE|PRER|NT|POS|APP|DEL|CT|STOP|SP|RW|N-14|N-8F|SEC STAFF|TEL";
const lastWord = "POS|MEF|ORDR|NTC|WD";
const form = String
  .raw`(?:(?:${firstWord}) [A-Z0-9][\w/-]*|[A-Z0-9][\w-]* (?:${lastWord})(?:/A)?|\S+)`;
const formThenName = new RegExp(`^(${form}) (\\S.*)$`);
/** The shortest name, so that the form keeps all its words. */
const nameThenForm = new RegExp(`^(.*?\\S) (${form})$`);
