/**
 * A 13F of an institutional manager: its information table, which says what it holds, and its cover page,
 * which says whether it amends an earlier filing, and whether it restates that or only adds holdings. Until
 * 2022 managers reported values in thousands of dollars, since 2023-01-03 in whole dollars; here they are
 * always whole. One security may have several rows, by manager and discretion.
 */

import type { FilingContext } from "../source/source_file.ts";
import type { LoadStep, Row } from "./load_step.ts";
import { sourceInvalid } from "../source/source_error.ts";
import { cikOf, inBatches, isDate, isDecimal } from "../source/source_field.ts";
import { elementsOf, parseXml, textAt, type XmlNode, type XmlPlace } from "../source/source_xml.ts";

const columns = [
  "accession",
  "position",
  "cik",
  "manager_name",
  "report_on",
  "filed_on",
  "issuer_name",
  "class_title",
  "cusip",
  "figi",
  "value_usd",
  "shares",
  "share_type",
  "put_call",
  "discretion",
  "other_managers",
  "voting_sole",
  "voting_shared",
  "voting_none",
] as const;

const reportColumns = [
  "accession",
  "cik",
  "manager_name",
  "report_on",
  "filed_on",
  "form",
  "report_type",
  "amendment_number",
  "amendment_type",
  "entries",
  "value_usd",
] as const;

const amendmentTypes = ["RESTATEMENT", "NEW HOLDINGS"];

/** Of a table that is parsed in pieces: some 20 ms each. */
const pieceCharacters = 64 * 1024;
/** The first day of filings in whole dollars. */
const wholeDollarsFrom = "2023-01-03";

/** One row for each line of the table. */
export async function* parseHoldings(
  text: string,
  place: XmlPlace,
  { filing, batch_rows }: { filing: FilingContext; batch_rows: number },
): AsyncGenerator<LoadStep> {
  const { path, member } = place;
  const entries = await entriesOf(text, place);
  const cik = cikOf(filing.cik);
  const { accession } = filing;
  if (accession === undefined || cik === null) {
    throw sourceInvalid(path, "the path does not name the filing and its manager", { member });
  }
  const inThousands = isInThousands(accession, filing.filed_on);
  const rows = entries.map((entry, index): Row => {
    const at = `infoTable[${index + 1}]`;
    const decimal = (...names: string[]) => {
      const value = textAt(entry, ...names);
      if (value !== null && !isDecimal(value)) {
        throw sourceInvalid(path, "a number is due", { member, field: `${at}.${names.join(".")}`, value });
      }
      return value;
    };
    const required = (name: string) => {
      const value = textAt(entry, name);
      if (value === null) throw sourceInvalid(path, "text is due", { member, field: `${at}.${name}` });
      return value;
    };
    const value = decimal("value");
    // Some managers list themselves and others one element each, most as one list.
    const managers = elementsOf(entry, "otherManager").map((manager) => textAt(manager)).filter((each) =>
      each !== null
    );
    return [
      accession,
      String(index + 1),
      cik,
      filing.name ?? null,
      filing.report_on ?? null,
      filing.filed_on ?? null,
      required("nameOfIssuer"),
      textAt(entry, "titleOfClass"),
      required("cusip"),
      textAt(entry, "figi"),
      value === null ? null : inThousands ? timesThousand(value) : value,
      decimal("shrsOrPrnAmt", "sshPrnamt"),
      textAt(entry, "shrsOrPrnAmt", "sshPrnamtType"),
      textAt(entry, "putCall"),
      textAt(entry, "investmentDiscretion"),
      managers.length === 0 ? null : managers.join(","),
      decimal("votingAuthority", "Sole"),
      decimal("votingAuthority", "Shared"),
      decimal("votingAuthority", "None"),
    ];
  });
  if (rows.length > 0) yield { query: "load_fund_holdings", columns, batches: inBatches(rows, batch_rows) };
}

/**
 * The lines of the table. The largest managers' have some 10 MB, which would hold this thread for seconds, so
 * a long table is parsed in pieces, and others have their turn between them. A piece that is not well formed
 * by itself means that the whole is not, or is cut in an odd place: the whole is parsed then, which says
 * which and where.
 */
async function entriesOf(text: string, place: XmlPlace): Promise<XmlNode[]> {
  const whole = () => elementsOf(parseXml(text, place), "infoTable");
  if (text.length < 2 * pieceCharacters) return whole();
  const root = /<((?:[\w.-]+:)?informationTable)(?:\s[^>]*)?>/.exec(text);
  const end = root === null ? -1 : text.lastIndexOf(`</${root[1]}`);
  if (root === null || end < 0) return whole();
  const line = /<\/(?:[\w.-]+:)?infoTable\s*>/g;
  const entries: XmlNode[] = [];
  let start = root.index + root[0].length;
  let before = text.slice(0, start);
  try {
    while (start < end) {
      line.lastIndex = start + pieceCharacters;
      const close = line.exec(text);
      const next = close === null || line.lastIndex > end ? end : line.lastIndex;
      const after = next === end ? text.slice(end) : `</${root[1]}>`;
      entries.push(...elementsOf(parseXml(before + text.slice(start, next) + after, place), "infoTable"));
      start = next;
      before = root[0];
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  } catch {
    return whole();
  }
  return entries;
}

/**
 * The cover page, `primary_doc.xml`: one row. Of any other form, and of a notice without holdings (13F-NT),
 * nothing.
 */
export function* parseFundReport(
  text: string,
  place: XmlPlace,
  { filing }: { filing: FilingContext },
): Generator<LoadStep> {
  const { path, member } = place;
  const submission = parseXml(text, place);
  const form = textAt(submission, "headerData", "submissionType");
  if (form === null || !/^13F-HR(?:\/A)?$/.test(form)) return;
  const { accession } = filing;
  const cik = cikOf(filing.cik) ??
    cikOf(textAt(submission, "headerData", "filerInfo", "filer", "credentials", "cik"));
  if (accession === undefined || cik === null) {
    throw sourceInvalid(path, "the path does not name the filing and its manager", { member });
  }
  const cover = (...names: string[]) => textAt(submission, "formData", "coverPage", ...names);
  const refused = (found: string, field: string, value: string | null) =>
    sourceInvalid(path, found, { member, field, value });
  const whole = (field: string, value: string | null) => {
    if (value !== null && !/^\d{1,9}$/.test(value)) throw refused("a whole number is due", field, value);
    return value;
  };
  const period = textAt(submission, "headerData", "filerInfo", "periodOfReport") ??
    cover("reportCalendarOrQuarter");
  const report_on = period === null ? filing.report_on ?? null : dayOf(period);
  if (period !== null && report_on === null) {
    throw refused("a date such as 09-30-2023 is due", "periodOfReport", period);
  }
  const isAmendment = form.endsWith("/A") || /^(?:true|1|Y)$/i.test(cover("isAmendment") ?? "");
  const said = isAmendment ? cover("amendmentInfo", "amendmentType") : null;
  const amendmentType = said?.toUpperCase().replace(/\s+/g, " ") ?? null;
  if (amendmentType !== null && !amendmentTypes.includes(amendmentType)) {
    throw refused(`${amendmentTypes.join(" or ")} is due`, "coverPage.amendmentInfo.amendmentType", said);
  }
  const value = textAt(submission, "formData", "summaryPage", "tableValueTotal");
  if (value !== null && !isDecimal(value)) {
    throw refused("a number is due", "summaryPage.tableValueTotal", value);
  }
  const row: Row = [
    accession,
    cik,
    filing.name ?? cover("filingManager", "name"),
    report_on,
    filing.filed_on ?? null,
    form,
    cover("reportType"),
    isAmendment ? whole("coverPage.amendmentNo", cover("amendmentNo")) : null,
    amendmentType,
    whole("summaryPage.tableEntryTotal", textAt(submission, "formData", "summaryPage", "tableEntryTotal")),
    value !== null && isInThousands(accession, filing.filed_on) ? timesThousand(value) : value,
  ];
  yield { query: "load_fund_reports", columns: reportColumns, batches: [[row]] };
}

/** `09-30-2023` as an ISO date; null for any other text. */
function dayOf(text: string): string | null {
  const [, month, day, year] = /^(\d{2})-(\d{2})-(\d{4})$/.exec(text) ?? [];
  const iso = `${year}-${month}-${day}`;
  return isDate(iso) ? iso : null;
}

/**
 * By the day of filing; without it by the year in the accession number, which the first filing day of 2023
 * makes as good: only a number taken in 2022 and filed in 2023 would be read wrong.
 */
export function isInThousands(accession: string, filed_on?: string): boolean {
  if (filed_on !== undefined) return filed_on < wholeDollarsFrom;
  const year = Number(accession.slice(11, 13));
  return year >= 90 || year < 23;
}

/** On the text: a float would round what is exact. */
export function timesThousand(decimal: string): string {
  if (/e/i.test(decimal)) return decimal.replace(/[eE]([+-]?\d+)$/, (_, power) => `e${Number(power) + 3}`);
  const [whole, fraction = ""] = decimal.split(".") as [string, string?];
  const moved = fraction.padEnd(3, "0");
  const digits = (whole + moved.slice(0, 3)).replace(/^(-?)0+(?=\d)/, "$1");
  return moved.length > 3 ? `${digits}.${moved.slice(3)}` : digits;
}
