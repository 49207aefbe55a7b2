/**
 * What the header of a query file, and of a `_module.sql`, says.
 *
 * `header_lines.ts` takes the comment lines apart, `tags.ts` knows every tag and its value; here the parts
 * become one `Header`, with the module's defaults under it.
 */
import { didYouMean, type Report } from "../diagnostic.ts";
import { type HeaderLines, offsetAt, readHeaderLines } from "./header_lines.ts";
import type { Header, Kind, ModuleDefaults, Place, PlaceAt } from "../model.ts";
import { type TagContext } from "./tag_context.ts";
import { tagRules, unbuiltTags } from "./tags.ts";

export interface HeaderOptions {
  moduleDefaults: ModuleDefaults | null;
  /** Tags that are refused for having no effect yet. @default unbuiltTags */
  unbuilt?: ReadonlySet<string>;
}

export interface ParsedHeader {
  header: Header;
  /**
   * Place of the name in the first line; null when that line is wrong, and the header's name then means
   * nothing.
   */
  namePlace: Place | null;
  /** False when the first line names no kind: the header's kind then means nothing. */
  isKindKnown: boolean;
  /** Names of all tags of the file, also of those whose value is wrong. */
  tags: ReadonlySet<string>;
  /** Offset in the source where the SQL may begin. */
  bodyStart: number;
}

export function parseHeader(
  source: string,
  placeAt: PlaceAt,
  report: Report,
  { moduleDefaults, unbuilt = unbuiltTags }: HeaderOptions,
): ParsedHeader {
  const lines = readHeaderLines(source, placeAt, report, { isModule: false });
  const kind = lines.kind?.name ?? null;
  const header = emptyHeader(lines, kind ?? "many", placeAt(lines.kind?.offset ?? 0));
  readTags(lines, header, { placeAt, report, unbuilt, kind, moduleDefaults, isModule: false });
  if (moduleDefaults !== null) inherit(header, moduleDefaults);
  return {
    header,
    namePlace: lines.name === null ? null : placeAt(lines.name.offset),
    isKindKnown: kind !== null,
    tags: new Set(lines.tags.map((tag) => tag.name)),
    bodyStart: lines.bodyStart,
  };
}

/** Of a `_module.sql`: its title, its prose for the agent, and the defaults of its files. */
export function parseModuleHeader(
  source: string,
  placeAt: PlaceAt,
  report: Report,
  { unbuilt = unbuiltTags }: { unbuilt?: ReadonlySet<string> } = {},
): { title: string | null; instructions: string; defaults: ModuleDefaults } {
  const lines = readHeaderLines(source, placeAt, report, { isModule: true });
  const header = emptyHeader(lines, "many", { line: 1, column: 1 });
  readTags(lines, header, { placeAt, report, unbuilt, kind: null, moduleDefaults: null, isModule: true });
  const { rows, bytes, tokens, timeout_ms, maxCost, maxAffected, cache, role, scopes } = header;
  return {
    title: lines.title,
    instructions: lines.description,
    defaults: { rows, bytes, tokens, timeout_ms, maxCost, maxAffected, cache, role, scopes },
  };
}

interface ReadTagsOptions {
  placeAt: PlaceAt;
  report: Report;
  unbuilt: ReadonlySet<string>;
  kind: Kind | null;
  moduleDefaults: ModuleDefaults | null;
  isModule: boolean;
}

function readTags(lines: HeaderLines, header: Header, options: ReadTagsOptions): void {
  const { placeAt, report, unbuilt, kind, moduleDefaults, isModule } = options;
  const seen = new Set<string>();
  for (const { name, offset, value } of lines.tags) {
    const place = placeAt(offset);
    const rule = tagRules.get(name);
    if (rule === undefined) {
      const known = [...tagRules.keys()];
      const hint = didYouMean(name, known, "@") ?? `The tags are ${known.map((tag) => `@${tag}`).join(", ")}`;
      report("unknown-tag", place, `"@${name}" is not a tag`, hint);
      continue;
    }
    if (isModule && !rule.isModuleDefault) {
      const allowed = [...tagRules].filter(([, each]) => each.isModuleDefault).map(([tag]) => `@${tag}`);
      report(
        "tag-misplaced",
        place,
        `@${name} cannot be a module's default`,
        `Defaults are ${allowed.join(", ")}`,
      );
      continue;
    }
    if (kind !== null && rule.kinds !== null && !rule.kinds.includes(kind)) {
      const right = rule.kinds.map((each) => `:${each}`).join(", ");
      report("tag-misplaced", place, `@${name} means nothing for a :${kind}`, `It is for ${right}`);
      continue;
    }
    if (seen.has(name) && !rule.isRepeatable) {
      report("tag-duplicate", place, `@${name} is here a second time`);
    }
    seen.add(name);
    const context: TagContext = {
      tag: name,
      kind,
      moduleDefaults,
      place,
      text: value.text,
      placeOf: (index) => placeAt(offsetAt(value, index)),
      fail: (index, message, hint = `The form is ${rule.form}`) =>
        report("tag-value", placeAt(offsetAt(value, index)), message, hint),
      repeat: (index, message) => report("tag-duplicate", placeAt(offsetAt(value, index)), message),
      unbuilt: (index, feature) => {
        if (unbuilt.has(feature)) {
          report("tag-unbuilt", placeAt(offsetAt(value, index)), `@${feature} is not built yet`);
        }
      },
    };
    const tab = value.text.indexOf("\t");
    if (tab !== -1) context.fail(tab, "A tab stands in a tag", "Part the fields of a tag with spaces");
    else if (value.text === "" && name !== "deprecated") {
      report("tag-value", place, `@${name} has no value`, `The form is ${rule.form}`);
    } else rule.read(context, header);
    if (unbuilt.has(name)) report("tag-unbuilt", place, `@${name} is not built yet`);
  }
}

function emptyHeader(lines: HeaderLines, kind: Kind, kindPlace: Place): Header {
  return {
    name: lines.name?.text ?? "",
    kind,
    kindPlace,
    title: lines.title,
    description: lines.description,
    params: [],
    columns: [],
    untrusted: [],
    page: [],
    filters: [],
    order: [],
    rows: null,
    bytes: null,
    tokens: null,
    timeout_ms: null,
    maxCost: null,
    maxAffected: null,
    cache: null,
    role: null,
    scopes: [],
    hints: [],
    confirm: null,
    completes: [],
    resource: null,
    chart: null,
    examples: [],
    deprecated: null,
    allows: [],
  };
}

function inherit(header: Header, defaults: ModuleDefaults): void {
  header.rows ??= defaults.rows;
  header.bytes ??= defaults.bytes;
  header.tokens ??= defaults.tokens;
  header.timeout_ms ??= defaults.timeout_ms;
  header.maxCost ??= defaults.maxCost;
  header.maxAffected ??= defaults.maxAffected;
  header.cache ??= defaults.cache;
  header.role ??= defaults.role;
  if (header.scopes.length === 0) header.scopes = [...defaults.scopes];
}
