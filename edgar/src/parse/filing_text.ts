/**
 * A whole submission as one text: SGML with a header that names the filing and its parties, and the documents
 * one after another, pictures and archives among them. Of these the ownership document, the 13F cover page
 * and information table, and the main document are read.
 */

import { parseDocument } from "./documents.ts";
import { parseFundReport, parseHoldings } from "./holdings.ts";
import type { FilingContext, ParseLimits, SourceFile } from "../source/source_file.ts";
import type { LoadStep, Row } from "./load_step.ts";
import { parseOwnership } from "./ownership.ts";
import { readOldText } from "../source/source_bytes.ts";
import { isBlockPage, sourceBlocked, sourceInvalid } from "../source/source_error.ts";
import { accessionPattern, cikOf, dateOf } from "../source/source_field.ts";
import { filingPathOf } from "../source/source_kind.ts";
import { xmlRootOf } from "../source/source_xml.ts";

/** The header of a submission. */
export interface FilingHeader {
  accession: string;
  form: string;
  filed_on: string;
  report_on: string | null;
  /** Filers, subject companies, issuers and owners, each once. */
  parties: { cik: string; name: string }[];
}

/** One document of a submission, as it lies in the text. */
export interface FilingPart {
  type: string;
  file_name: string;
  /** The content of `<TEXT>`, without the `<XML>` or `<XBRL>` that wraps it. */
  text(): string;
}

/** The filing for each of its parties, then what its documents bring. */
export async function* parseFilingText(file: SourceFile, limits: ParseLimits): AsyncGenerator<LoadStep> {
  const { path } = file;
  const text = await readOldText(file, limits);
  if (isBlockPage(text)) throw sourceBlocked(path);
  if (
    !/<\/(?:SEC|IMS)-DOCUMENT>\s*(?:-----END PRIVACY-ENHANCED MESSAGE-----\s*)?$/.test(text.slice(-1_024))
  ) {
    const isSubmission = /^\s*(?:-----BEGIN PRIVACY|<(?:SEC|IMS)-DOCUMENT>)/.test(text);
    throw sourceInvalid(
      path,
      isSubmission ? "the file ends before its </SEC-DOCUMENT>" : "a whole submission is due",
      isSubmission ? { byte: text.length } : { line: 1, value: text.slice(0, 80) },
    );
  }
  const header = readHeader(path, text);
  const inPath = filingPathOf(path);
  if (inPath !== null && inPath.accession !== header.accession) {
    throw sourceInvalid(path, `the filing of the path, ${inPath.accession}, is due`, {
      field: "ACCESSION NUMBER",
      value: header.accession,
    });
  }
  const cik = inPath?.cik ?? header.parties[0]!.cik;
  const filing: FilingContext = {
    accession: header.accession,
    cik,
    form: header.form,
    filed_on: header.filed_on,
    report_on: header.report_on ?? undefined,
    name: header.parties.find((party) => party.cik === cik)?.name,
  };
  const steps: LoadStep[] = [];
  const { batch_rows } = limits;
  let isMain = true;
  for (const part of documentsOf(path, text)) {
    const place = { path, member: part.file_name };
    if (/^[345](?:\/A)?$/.test(part.type) && /\.xml$/i.test(part.file_name)) {
      steps.push(...parseOwnership(part.text(), place, { filing, batch_rows }));
    } else if (part.type === "INFORMATION TABLE" && xmlRootOf(part.text()) === "informationTable") {
      steps.push(...await Array.fromAsync(parseHoldings(part.text(), place, { filing, batch_rows })));
    } else if (/^13F-HR/.test(part.type) && xmlRootOf(part.text()) === "edgarSubmission") {
      steps.push(...parseFundReport(part.text(), place, { filing }));
    } else if (isMain && !/\.(?:xml|pdf|jpg|gif|zip)$/i.test(part.file_name)) {
      const options = { filing, file_name: part.file_name, batch_rows };
      steps.push(...await Array.fromAsync(parseDocument(part.text(), place, options)));
    }
    isMain = false;
  }
  const rows = header.parties.map((party): Row => [
    party.cik,
    party.name,
    header.form,
    header.filed_on,
    header.accession,
    `edgar/data/${party.cik}/${header.accession}.txt`,
  ]);
  yield {
    query: "load_index",
    columns: ["cik", "name", "form", "filed_on", "accession", "file_name"],
    batches: [rows],
  };
  yield* steps;
}

/** Labels and values of the header; parties repeat theirs below headings that do not matter here. */
export function readHeader(path: string, text: string): FilingHeader {
  const end = /<\/(?:SEC|IMS)-HEADER>/.exec(text)?.index ?? text.indexOf("<DOCUMENT>");
  if (end < 0) throw sourceInvalid(path, "the header of the submission is missing", { line: 1 });
  const lines = text.slice(0, end).split(/\r?\n/);
  const value = (label: string): string | null => {
    const line = lines.find((each) => each.trimStart().startsWith(`${label}:`));
    return line === undefined ? null : line.slice(line.indexOf(":") + 1).trim();
  };
  const date = (label: string): string | null => {
    const text = value(label);
    const day = text === null ? null : dateOf(text);
    if (text !== null && day === null) {
      throw sourceInvalid(path, "a date is due", { field: label, value: text });
    }
    return day;
  };
  const accession = value("ACCESSION NUMBER");
  if (accession === null || !accessionPattern.test(accession)) {
    throw sourceInvalid(path, "an accession number is due", { field: "ACCESSION NUMBER", value: accession });
  }
  const form = value("CONFORMED SUBMISSION TYPE");
  if (form === null || form === "") {
    throw sourceInvalid(path, "a form is due", { field: "CONFORMED SUBMISSION TYPE", value: form });
  }
  const filed_on = date("FILED AS OF DATE");
  if (filed_on === null) {
    throw sourceInvalid(path, "a date is due", { field: "FILED AS OF DATE", value: null });
  }
  const parties = new Map<string, string>();
  let name = "";
  for (const line of lines) {
    const found = /^\s*(COMPANY CONFORMED NAME|CENTRAL INDEX KEY):\s*(.*?)\s*$/.exec(line);
    if (found === null) continue;
    if (found[1] === "COMPANY CONFORMED NAME") {
      name = found[2]!;
      continue;
    }
    const cik = cikOf(found[2]);
    if (cik === null || name === "") {
      throw sourceInvalid(path, "a company's name and number are due", {
        field: "CENTRAL INDEX KEY",
        value: found[2],
      });
    }
    if (!parties.has(cik)) parties.set(cik, name);
  }
  if (parties.size === 0) {
    throw sourceInvalid(path, "a filer is due", { field: "CENTRAL INDEX KEY", value: null });
  }
  return {
    accession,
    form,
    filed_on,
    report_on: date("CONFORMED PERIOD OF REPORT"),
    parties: [...parties].map(([cik, name]) => ({ cik, name })),
  };
}

/**
 * The documents in their order. Their text is cut out when it is asked for: most are pictures and are not.
 */
export function* documentsOf(path: string, text: string): Generator<FilingPart> {
  let from = text.indexOf("<DOCUMENT>");
  for (let number = 1; from >= 0; number++) {
    const end = text.indexOf("</DOCUMENT>", from);
    if (end < 0) {
      throw sourceInvalid(path, `document ${number} has no end`, {
        line: text.slice(0, from).split("\n").length,
      });
    }
    const [start, body] = [from, text.indexOf("<TEXT>", from)];
    const head = text.slice(start, body < 0 || body > end ? end : body);
    const label = (name: string) => new RegExp(`^<${name}>(.*)$`, "m").exec(head)?.[1]?.trim() ?? "";
    yield {
      type: label("TYPE"),
      file_name: label("FILENAME") || `document-${label("SEQUENCE") || number}.txt`,
      text: () => {
        if (body < 0 || body > end) return "";
        const close = text.lastIndexOf("</TEXT>", end);
        const inner = text.slice(body + "<TEXT>".length, close > body ? close : end);
        return unwrap(unwrap(inner.trim(), "XML"), "XBRL");
      },
    };
    from = text.indexOf("<DOCUMENT>", end);
  }
}

function unwrap(text: string, name: string): string {
  const [start, end] = [`<${name}>`, `</${name}>`];
  const isWrapped = text.startsWith(start) && text.endsWith(end);
  return isWrapped ? text.slice(start.length, -end.length).trim() : text;
}
