/**
 * A company's XBRL facts: taxonomy → tag → unit → facts. Values keep the JSON's own digits; `start` is absent
 * for an instant; `fy`, `fp` and `frame` may be missing. The key of a fact is (cik, taxonomy, tag, unit,
 * start, end, accession).
 */

import type { LoadStep, Row } from "./load_step.ts";
import type { ParseLimits, SourceFile } from "../source/source_file.ts";
import { sourceInvalid } from "../source/source_error.ts";
import { accessionPattern, cikOf, isDate, isDecimal, textOrNull } from "../source/source_field.ts";
import { isObject, readJson } from "../source/source_json.ts";
import { cikOfPath } from "../source/source_kind.ts";

const factColumns = [
  "cik",
  "taxonomy",
  "tag",
  "unit",
  "start_on",
  "end_on",
  "value",
  "accession",
  "fy",
  "fp",
  "form",
  "filed_on",
  "frame",
] as const;

const filedOnPlace = factColumns.indexOf("filed_on");

/**
 * The company if it is new, its concepts with their labels, its facts. A company without facts brings the
 * first alone.
 */
export async function* parseCompanyFacts(file: SourceFile, limits: ParseLimits): AsyncGenerator<LoadStep> {
  const { path } = file;
  const json = await readJson(file, limits, { exact_values: true });
  const cik = cikOf(json.cik);
  if (cik === null) {
    throw sourceInvalid(path, "a company number is due", { field: "cik", value: json.cik ?? null });
  }
  const inPath = cikOfPath(path);
  if (inPath !== null && inPath !== cik) {
    throw sourceInvalid(path, `the company of the path, ${inPath}, is due`, {
      field: "cik",
      value: json.cik,
    });
  }
  const name = json.entityName;
  if (typeof name !== "string") {
    throw sourceInvalid(path, "text is due", { field: "entityName", value: name ?? null });
  }
  if (!isObject(json.facts)) {
    throw sourceInvalid(path, "an object is due", { field: "facts", value: json.facts ?? null });
  }

  // All is read before the first row is given away: a file counts as a whole.
  const concepts: Row[] = [];
  const facts = factBatches(limits.batch_rows);
  const memory = { dates: new Set<string>(), accessions: new Set<string>() };
  for (const [taxonomy, tags] of Object.entries(json.facts)) {
    if (!isObject(tags)) throw sourceInvalid(path, "an object is due", { field: taxonomy, value: tags });
    for (const [tag, concept] of Object.entries(tags)) {
      const field = `${taxonomy}.${tag}`;
      if (!isObject(concept)) throw sourceInvalid(path, "an object is due", { field, value: concept });
      const { label = null, description = null, units } = concept;
      for (const [part, text] of [["label", label], ["description", description]] as const) {
        if (text !== null && typeof text !== "string") {
          throw sourceInvalid(path, "text or null is due", { field: `${field}.${part}`, value: text });
        }
      }
      if (!isObject(units)) {
        throw sourceInvalid(path, "an object is due", { field: `${field}.units`, value: units ?? null });
      }
      let labelled_on: string | null = null;
      for (const [unit, entries] of Object.entries(units)) {
        if (!Array.isArray(entries)) {
          throw sourceInvalid(path, "an array is due", { field: `${field}.${unit}`, value: entries });
        }
        for (const row of factsOf(path, entries, { key: [cik, taxonomy, tag, unit], memory })) {
          facts.add(row);
          const filed_on = row[filedOnPlace]!;
          if (labelled_on === null || filed_on > labelled_on) labelled_on = filed_on;
        }
      }
      concepts.push([
        taxonomy,
        tag,
        textOrNull(label as string | null),
        textOrNull(description as string | null),
        labelled_on,
      ]);
    }
  }
  if (name !== "") yield { query: "add_companies", columns: ["cik", "name"], batches: [[[cik, name]]] };
  if (concepts.length > 0) {
    yield {
      query: "load_concepts",
      columns: ["taxonomy", "tag", "label", "description", "labelled_on"],
      batches: [concepts],
    };
  }
  if (facts.batches.length > 0) yield { query: "load_facts", columns: factColumns, batches: facts.batches };
}

/** Days and accession numbers that were checked before: each occurs hundreds of times. */
interface Memory {
  dates: Set<string>;
  accessions: Set<string>;
}

function* factsOf(
  path: string,
  entries: readonly unknown[],
  { key, memory }: { key: [string, string, string, string]; memory: Memory },
): Generator<Row> {
  const seen = new Map<string, Row>();
  const [cik, taxonomy, tag, unit] = key;
  for (let index = 0; index < entries.length; index++) {
    const fact = entries[index];
    const refuse = (name: string, found: string, value: unknown) =>
      sourceInvalid(path, found, {
        field: `${taxonomy}.${tag}.${unit}[${index}]${name}`,
        value: value ?? null,
      });
    if (!isObject(fact)) throw refuse("", "an object is due", fact);
    const { start = null, end, val, accn, fy = null, fp = null, form, filed, frame = null } = fact;
    if (start !== null && !isKnownDate(start, memory)) throw refuse(".start", "a date is due", start);
    if (!isKnownDate(end, memory)) throw refuse(".end", "a date is due", end);
    if (typeof val !== "string" || !isDecimal(val)) {
      throw refuse(".val", "a decimal of at most 40 digits is due", val);
    }
    if (!isKnownAccession(accn, memory)) throw refuse(".accn", "an accession number is due", accn);
    if (fy !== null && !(Number.isInteger(fy) && fy as number >= 0 && fy as number <= 9999)) {
      throw refuse(".fy", "a year is due", fy);
    }
    if (fp !== null && typeof fp !== "string") throw refuse(".fp", "text or null is due", fp);
    if (typeof form !== "string" || form === "") throw refuse(".form", "text is due", form);
    if (!isKnownDate(filed, memory)) throw refuse(".filed", "a date is due", filed);
    if (frame !== null && typeof frame !== "string") throw refuse(".frame", "text or null is due", frame);
    const row: Row = [
      cik,
      taxonomy,
      tag,
      unit,
      start,
      end,
      val,
      accn,
      fy === null ? null : String(fy),
      textOrNull(fp),
      form,
      filed,
      textOrNull(frame),
    ];
    // One filing, one period, one value. Should SEC list two, the one it put in a frame is the one it picked,
    // else the first.
    const period = `${start}/${end}/${accn}`;
    const other = seen.get(period);
    if (other === undefined) seen.set(period, row);
    else if (other[12] === null && row[12] !== null) other.splice(0, row.length, ...row);
  }
  yield* seen.values();
}

function isKnownDate(value: unknown, { dates }: Memory): value is string {
  if (typeof value !== "string") return false;
  if (dates.has(value)) return true;
  if (!isDate(value)) return false;
  dates.add(value);
  return true;
}

function isKnownAccession(value: unknown, { accessions }: Memory): value is string {
  if (typeof value !== "string") return false;
  if (accessions.has(value)) return true;
  if (!accessionPattern.test(value)) return false;
  accessions.add(value);
  return true;
}

function factBatches(size: number): { batches: Row[][]; add(row: Row): void } {
  const batches: Row[][] = [];
  let last: Row[] = [];
  return {
    batches,
    add(row) {
      if (last.length === 0 || last.length === size) batches.push(last = []);
      last.push(row);
    },
  };
}
