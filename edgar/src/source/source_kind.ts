/**
 * What a file of SEC is, from its path alone. SEC's URL paths are also the layout of folders, so the same
 * rules read addresses, a folder that mirrors them, and the same layout under any other folder
 * (`snapshots/2026-05-01/api/xbrl/…`).
 */

export type SourceKind =
  | "company_tickers"
  | "company_tickers_exchange"
  | "fund_tickers"
  | "submissions"
  | "submissions_page"
  | "company_facts"
  | "master_index"
  | "company_index"
  | "form_index"
  | "company_facts_archive"
  | "submissions_archive"
  | "statement_data_sets"
  | "filing_xml"
  | "filing_text"
  | "filing_document";

/** What a file's place says about the filing it belongs to. */
export interface FilingPath {
  cik: string;
  /** As `0000320193-24-000123`. */
  accession: string;
  file_name: string;
}

const index = String.raw`(?:full-index\/(?:\d{4}\/QTR[1-4]\/)?|daily-index\/(?:\d{4}\/QTR[1-4]\/)?)`;
const folder = String.raw`Archives\/edgar\/data\/\d{1,10}\/\d{18}\/`;

/**
 * In this order: the first that fits names the file. Every layout is anchored at its end and may stand below
 * any folder.
 */
const layouts: readonly [RegExp, SourceKind | null][] = [
  [/^files\/company_tickers\.json$/, "company_tickers"],
  [/^files\/company_tickers_exchange\.json$/, "company_tickers_exchange"],
  [/^files\/company_tickers_mf\.json$/, "fund_tickers"],
  [/^submissions\/CIK\d{10}\.json$/, "submissions"],
  [/^submissions\/CIK\d{10}-submissions-\d{3}\.json$/, "submissions_page"],
  [/^api\/xbrl\/companyfacts\/CIK\d{10}\.json$/, "company_facts"],
  [
    new RegExp(String.raw`^Archives\/edgar\/${index}master(?:\.\d{6,8})?(?:\.idx|\.gz|\.idx\.gz)$`),
    "master_index",
  ],
  [
    new RegExp(String.raw`^Archives\/edgar\/${index}company(?:\.\d{6,8})?(?:\.idx|\.gz|\.idx\.gz)$`),
    "company_index",
  ],
  [
    new RegExp(String.raw`^Archives\/edgar\/${index}form(?:\.\d{6,8})?(?:\.idx|\.gz|\.idx\.gz)$`),
    "form_index",
  ],
  [/^Archives\/edgar\/daily-index\/xbrl\/companyfacts\.zip$/, "company_facts_archive"],
  [/^Archives\/edgar\/daily-index\/bulkdata\/submissions\.zip$/, "submissions_archive"],
  [/^files\/(?:dera\/(?:[\w-]+\/)*|node\/add\/data_distribution\/)?\d{4}q[1-4]\.zip$/, "statement_data_sets"],
  // The whole submission stands beside the filing's folder, and again in it.
  [/^Archives\/edgar\/data\/\d{1,10}\/(?:\d{18}\/)?\d{10}-\d{2}-\d{6}\.txt$/, "filing_text"],
  // SEC's own pages about a filing: its index, the rendered statements.
  [new RegExp(`^${folder}(?:R\\d+\\.html?|[\\d-]+-index(?:-headers)?\\.html?|FilingSummary\\.xml)$`), null],
  // A folder between (xslF345X05/) holds the rendered page, not the data; the pattern takes files of the
  // folder itself alone.
  [new RegExp(`^${folder}[^/]+\\.xml$`), "filing_xml"],
  [new RegExp(`^${folder}[^/]+\\.html?$`), "filing_document"],
];

/** The kind of file; null for a path that is none of SEC's layouts or holds nothing to load. */
export function sourceKindOf(path: string): SourceKind | null {
  const own = secPathOf(path);
  return layouts.find(([pattern]) => pattern.test(own))?.[1] ?? null;
}

/** The path as SEC's address has it: without the host, the leading slash or the folders before the layout. */
export function secPathOf(path: string): string {
  const plain = path.replaceAll("\\", "/").replace(/^https?:\/\/[^/]+\//, "").replace(/[?#].*$/, "");
  const parts = plain.split("/").filter((part) => part !== "" && part !== ".");
  for (let start = parts.length - 1; start >= 0; start--) {
    const rest = parts.slice(start).join("/");
    if (layouts.some(([pattern]) => pattern.test(rest))) return rest;
  }
  return parts.join("/");
}

/** The filing that a file of `Archives/edgar/data/` belongs to; null for any other path. */
export function filingPathOf(path: string): FilingPath | null {
  const own = secPathOf(path);
  const inFolder = /(?:^|\/)edgar\/data\/(\d{1,10})\/(\d{10})(\d{2})(\d{6})\/([^/]+)$/.exec(own);
  if (inFolder) {
    const [, cik, filer, year, number, file] = inFolder;
    return { cik: String(Number(cik)), accession: `${filer}-${year}-${number}`, file_name: file! };
  }
  const text = /(?:^|\/)edgar\/data\/(\d{1,10})\/(\d{10}-\d{2}-\d{6})\.txt$/.exec(own);
  return text && { cik: String(Number(text[1])), accession: text[2]!, file_name: `${text[2]}.txt` };
}

/** The company of `CIK##########…` in a path, without leading zeros; null where there is none. */
export function cikOfPath(path: string): string | null {
  const found = /CIK(\d{10})(?:-submissions-\d{3})?\.json$/.exec(path);
  return found ? String(Number(found[1])) : null;
}
