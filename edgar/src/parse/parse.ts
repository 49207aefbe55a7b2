/**
 * From a file of SEC to the rows it brings: the kind says which parser reads it. Every parser refuses what it
 * cannot read whole and right, with the place, as `edgar.source_invalid`, or `edgar.blocked` where SEC sent
 * its page for refused clients in place of the file. The libraries for XML, HTML and zip are imported when a
 * file needs them.
 */

import {
  defaultParseLimits,
  type FilingContext,
  type ParseLimits,
  type SourceFile,
} from "../source/source_file.ts";
import { type LoadStep } from "./load_step.ts";
import { readOldText } from "../source/source_bytes.ts";
import { isBlockPage, sourceBlocked, sourceInvalid } from "../source/source_error.ts";
import { filingPathOf, type SourceKind, sourceKindOf } from "../source/source_kind.ts";

/**
 * The steps that a file brings, in order; the kind is the path's when it is not given. Read a step's batches
 * to their end before asking for the next.
 * @throws SqlwrightError `edgar.source_invalid`, `edgar.blocked`, also from the batches
 */
export async function* parseSourceFile(
  file: SourceFile,
  kind: SourceKind | null = sourceKindOf(file.path),
  options: Partial<ParseLimits> = {},
): AsyncGenerator<LoadStep> {
  if (kind === null) throw sourceInvalid(file.path, "the path is none of SEC's layouts that are loaded");
  const limits = { ...defaultParseLimits, ...options };
  switch (kind) {
    case "company_tickers":
      return yield* (await import("./tickers.ts")).parseCompanyTickers(file, limits);
    case "company_tickers_exchange":
      return yield* (await import("./tickers.ts")).parseExchangeTickers(file, limits);
    case "fund_tickers":
      return yield* (await import("./tickers.ts")).parseFundTickers(file, limits);
    case "submissions":
      return yield* (await import("./submissions.ts")).parseSubmissions(file, limits);
    case "submissions_page":
      return yield* (await import("./submissions.ts")).parseSubmissionsPage(file, limits);
    case "company_facts":
      return yield* (await import("./company_facts.ts")).parseCompanyFacts(file, limits);
    case "master_index":
    case "company_index":
    case "form_index":
      return yield* (await import("./indexes.ts")).parseIndex(file, kind, limits);
    case "company_facts_archive":
    case "submissions_archive":
      return yield* parseArchive(file, limits);
    case "statement_data_sets":
      return yield* (await import("./statement_data_sets.ts")).parseStatementDataSets(file, limits);
    case "filing_xml":
      return yield* parseFilingXml(file, limits);
    case "filing_text":
      return yield* (await import("./filing_text.ts")).parseFilingText(file, limits);
    case "filing_document":
      return yield* parseFilingDocument(file, limits);
    default:
      return kind satisfies never;
  }
}

/**
 * All members one after another. Who wants to count, skip or repeat single companies reads `archiveMembers`
 * instead.
 */
async function* parseArchive(file: SourceFile, limits: ParseLimits): AsyncGenerator<LoadStep> {
  const { archiveMembers } = await import("./bulk_archive.ts");
  for await (const member of archiveMembers(file, limits)) {
    yield* parseSourceFile(member, member.kind, limits);
  }
}

/**
 * XML in a filing's folder says by its outermost element what it is; what is not loaded (XBRL, form 144, …)
 * brings nothing.
 */
async function* parseFilingXml(file: SourceFile, limits: ParseLimits): AsyncGenerator<LoadStep> {
  const { xmlRootOf } = await import("../source/source_xml.ts");
  const text = await readOldText(file, limits);
  if (isBlockPage(text)) throw sourceBlocked(file.path);
  const root = xmlRootOf(text);
  const options = { filing: filingOf(file), batch_rows: limits.batch_rows };
  if (root === "ownershipDocument") {
    yield* (await import("./ownership.ts")).parseOwnership(text, { path: file.path }, options);
  } else if (root === "informationTable") {
    yield* (await import("./holdings.ts")).parseHoldings(text, { path: file.path }, options);
  } else if (root === "edgarSubmission") {
    yield* (await import("./holdings.ts")).parseFundReport(text, { path: file.path }, options);
  } else if (root === null || root.toLowerCase() === "html") {
    throw sourceInvalid(file.path, "XML is due", { line: 1, value: text.trim().slice(0, 80) });
  }
}

async function* parseFilingDocument(file: SourceFile, limits: ParseLimits): AsyncGenerator<LoadStep> {
  const { parseDocument } = await import("./documents.ts");
  const text = await readOldText(file, {
    ...limits,
    whole_bytes: Math.min(limits.whole_bytes, limits.document_bytes),
  });
  yield* parseDocument(text, { path: file.path }, {
    filing: filingOf(file),
    file_name: filingPathOf(file.path)?.file_name ?? file.path.split("/").at(-1)!,
    batch_rows: limits.batch_rows,
  });
}

/** The path says company and accession number; the caller may know more, or better. */
function filingOf({ path, filing }: SourceFile): FilingContext {
  const inPath = filingPathOf(path);
  return { accession: inPath?.accession, cik: inPath?.cik, ...filing };
}
