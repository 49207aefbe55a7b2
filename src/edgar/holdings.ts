/**
 * The information table of a 13F: what an institutional manager holds. Until 2022 managers reported values in thousands of dollars, since
 * 2023-01-03 in whole dollars; here they are always whole. One security may have several rows, by manager and discretion.
 */

import type { FilingContext, LoadStep, Row } from "./load_step.ts";
import { sourceInvalid } from "./source_error.ts";
import { cikOf, inBatches, isDecimal } from "./source_field.ts";
import { elementsOf, parseXml, textAt, type XmlPlace } from "./source_xml.ts";

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

/** The first day of filings in whole dollars. */
const wholeDollarsFrom = "2023-01-03";

/** One row for each line of the table. */
export function* parseHoldings(
  text: string,
  place: XmlPlace,
  { filing, batch_rows }: { filing: FilingContext; batch_rows: number },
): Generator<LoadStep> {
  const { path, member } = place;
  const table = parseXml(text, place);
  const cik = cikOf(filing.cik);
  const { accession } = filing;
  if (accession === undefined || cik === null) {
    throw sourceInvalid(path, "the path does not name the filing and its manager", { member });
  }
  const inThousands = isInThousands(accession, filing.filed_on);
  const rows = elementsOf(table, "infoTable").map((entry, index): Row => {
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
 * By the day of filing; without it by the year in the accession number, which the first filing day of 2023 makes as good: only a number
 * taken in 2022 and filed in 2023 would be read wrong.
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
