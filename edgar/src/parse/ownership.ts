/**
 * Ownership documents, forms 3, 4 and 5 and their amendments: what an insider traded and holds, as shares and
 * as derivatives. A value can be missing or stand in a footnote alone, so everything but the parties is
 * nullable. A joint filing brings each row once for each owner, at the same position.
 */

import type { FilingContext } from "../source/source_file.ts";
import type { LoadStep, Row } from "./load_step.ts";
import { sourceInvalid } from "../source/source_error.ts";
import { cikOf, inBatches, isDate, isDecimal } from "../source/source_field.ts";
import { elementsOf, parseXml, textAt, type XmlNode, type XmlPlace } from "../source/source_xml.ts";

const columns = [
  "accession",
  "position",
  "is_derivative",
  "issuer_cik",
  "owner_cik",
  "owner_name",
  "is_director",
  "is_officer",
  "is_ten_percent_owner",
  "officer_title",
  "security_title",
  "transacted_on",
  "transaction_code",
  "shares",
  "price",
  "acquired_disposed",
  "shares_after",
  "is_direct",
  "nature_of_ownership",
  "underlying_security",
  "exercise_price",
  "footnotes",
  "is_holding",
  "form",
  "filed_on",
] as const;

/** Tables in the order of the form. */
const tables = [
  { names: ["nonDerivativeTable", "nonDerivativeTransaction"], is_derivative: false, is_holding: false },
  { names: ["nonDerivativeTable", "nonDerivativeHolding"], is_derivative: false, is_holding: true },
  { names: ["derivativeTable", "derivativeTransaction"], is_derivative: true, is_holding: false },
  { names: ["derivativeTable", "derivativeHolding"], is_derivative: true, is_holding: true },
] as const;

/**
 * The issuer, then one row for each entry and owner. A form 3 of someone who owns nothing brings the issuer
 * alone.
 */
export function* parseOwnership(
  text: string,
  place: XmlPlace,
  { filing, batch_rows }: { filing: FilingContext; batch_rows: number },
): Generator<LoadStep> {
  const { path, member } = place;
  const document = parseXml(text, place);
  const refuse = (found: string, field: string, value: unknown) =>
    sourceInvalid(path, found, { member, field, value });
  const accession = filing.accession;
  if (accession === undefined) throw sourceInvalid(path, "the path does not name the filing", { member });

  const [issuer] = elementsOf(document, "issuer");
  const issuerCik = cikOf(textAt(issuer, "issuerCik"));
  if (issuerCik === null) {
    throw refuse("a company number is due", "issuer.issuerCik", textAt(issuer, "issuerCik"));
  }
  const issuerName = textAt(issuer, "issuerName");
  const owners = elementsOf(document, "reportingOwner").map((owner, index) =>
    readOwner(owner, index, refuse)
  );
  if (owners.length === 0) throw refuse("an owner is due", "reportingOwner", null);
  const form = textAt(document, "documentType") ?? filing.form ?? null;
  if (form !== null && !/^[345](?:\/A)?$/.test(form)) {
    throw refuse("form 3, 4 or 5 is due", "documentType", form);
  }
  const footnotes = new Map<string, string>();
  for (const footnote of elementsOf(document, "footnotes", "footnote")) {
    const [id, note] = [textAt(footnote, "@id"), textAt(footnote)];
    if (id !== null && note !== null) footnotes.set(id, note);
  }

  const rows: Row[] = [];
  let position = 0;
  for (const { names, is_derivative, is_holding } of tables) {
    for (const entry of elementsOf(document, ...names)) {
      position++;
      const at = `${names[1]}[${position}]`;
      const date = dateAt(entry, refuse, at);
      const decimal = (...path: string[]) => decimalAt(entry, path, refuse, at);
      const code = textAt(entry, "transactionAmounts", "transactionAcquiredDisposedCode", "value");
      if (code !== null && code !== "A" && code !== "D") {
        throw refuse("A or D is due", `${at}.transactionAcquiredDisposedCode`, code);
      }
      const nature = textAt(entry, "ownershipNature", "directOrIndirectOwnership", "value");
      for (const owner of owners) {
        rows.push([
          accession,
          String(position),
          String(is_derivative),
          issuerCik,
          ...owner,
          textAt(entry, "securityTitle", "value"),
          date,
          textAt(entry, "transactionCoding", "transactionCode"),
          decimal("transactionAmounts", "transactionShares", "value"),
          decimal("transactionAmounts", "transactionPricePerShare", "value"),
          code,
          decimal("postTransactionAmounts", "sharesOwnedFollowingTransaction", "value"),
          nature === null ? null : String(nature === "D"),
          textAt(entry, "ownershipNature", "natureOfOwnership", "value"),
          textAt(entry, "underlyingSecurity", "underlyingSecurityTitle", "value"),
          decimal("conversionOrExercisePrice", "value"),
          footnotesOf(entry, footnotes),
          String(is_holding),
          form,
          filing.filed_on ?? null,
        ]);
      }
    }
  }
  if (issuerName !== null) {
    yield { query: "add_companies", columns: ["cik", "name"], batches: [[[issuerCik, issuerName]]] };
  }
  if (rows.length > 0) {
    yield { query: "load_insider_transactions", columns, batches: inBatches(rows, batch_rows) };
  }
}

type Refuse = (found: string, field: string, value: unknown) => Error;

/** owner_cik, owner_name, is_director, is_officer, is_ten_percent_owner, officer_title. */
function readOwner(owner: XmlNode, index: number, refuse: Refuse): Row {
  const at = `reportingOwner[${index + 1}]`;
  const cik = cikOf(textAt(owner, "reportingOwnerId", "rptOwnerCik"));
  const name = textAt(owner, "reportingOwnerId", "rptOwnerName");
  if (cik === null) {
    throw refuse(
      "a company number is due",
      `${at}.rptOwnerCik`,
      textAt(owner, "reportingOwnerId", "rptOwnerCik"),
    );
  }
  if (name === null) throw refuse("a name is due", `${at}.rptOwnerName`, name);
  // An absent box is one that was not ticked.
  const flag = (name: string) => {
    const text = textAt(owner, "reportingOwnerRelationship", name) ?? "0";
    if (!/^(?:0|1|true|false)$/i.test(text)) throw refuse("0 or 1 is due", `${at}.${name}`, text);
    return String(text === "1" || text.toLowerCase() === "true");
  };
  const title = textAt(owner, "reportingOwnerRelationship", "officerTitle");
  return [cik, name, flag("isDirector"), flag("isOfficer"), flag("isTenPercentOwner"), title];
}

/** An XML date may carry an offset, which means nothing for a day. */
function dateAt(entry: XmlNode, refuse: Refuse, at: string): string | null {
  const text = textAt(entry, "transactionDate", "value");
  const day = text?.replace(/(?:Z|[+-]\d{2}:\d{2})$/, "") ?? null;
  if (day !== null && !isDate(day)) throw refuse("a date is due", `${at}.transactionDate`, text);
  return day;
}

function decimalAt(entry: XmlNode, path: readonly string[], refuse: Refuse, at: string): string | null {
  const text = textAt(entry, ...path);
  if (text !== null && !isDecimal(text)) throw refuse("a decimal is due", `${at}.${path.join(".")}`, text);
  return text;
}

/** The footnotes an entry refers to anywhere, each once, in the order of the references. */
function footnotesOf(entry: XmlNode, footnotes: ReadonlyMap<string, string>): string | null {
  const ids = new Set<string>();
  const visit = (node: XmlNode) => {
    if (typeof node === "string") return;
    for (const [name, children] of Object.entries(node)) {
      for (const child of [children].flat()) {
        const id = name === "footnoteId" ? textAt(child, "@id") : null;
        if (id !== null) ids.add(id);
        else visit(child);
      }
    }
  };
  visit(entry);
  const texts = [...ids].map((id) => footnotes.get(id)).filter((text) => text !== undefined);
  return texts.length === 0 ? null : texts.join("\n");
}
