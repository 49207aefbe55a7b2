/**
 * Readers of the tags whose value is a word, a number or a list of them: ceilings, roles, hints, order,
 * charts.
 */
import { type Header, type OrderTerm, readKinds } from "../model.ts";
import { didYouMean } from "../diagnostic.ts";
import { rules } from "../rules/rule_list.ts";
import { columnPattern, unquote } from "./tag_inputs.ts";
import type { TagContext } from "./tag_context.ts";

/** Words between spaces and line ends, with their index. */
function words(text: string): { text: string; index: number }[] {
  return [...text.matchAll(/\S+/g)].map((match) => ({ text: match[0], index: match.index }));
}

export function readUntrusted(context: TagContext, header: Header): void {
  for (const word of words(context.text)) {
    if (!new RegExp(`^${columnPattern.source}$`).test(word.text)) {
      context.fail(word.index, `"${word.text}" is not a name of a column`, "Names are parted by spaces");
    } else if (header.untrusted.some(({ column }) => column === unquote(word.text))) {
      context.repeat(word.index, `Column "${unquote(word.text)}" is already untrusted`);
    } else {
      header.untrusted.push({ column: unquote(word.text), place: context.placeOf(word.index) });
    }
  }
}

export function readPage(context: TagContext, header: Header): void {
  header.page = readTerms(context);
}

export function readOrder(context: TagContext, header: Header): void {
  header.order = readTerms(context);
}

function readTerms(context: TagContext): OrderTerm[] {
  const terms: OrderTerm[] = [];
  let index = 0;
  for (const part of context.text.split(",")) {
    const start = index + part.length - part.trimStart().length;
    index += part.length + 1;
    const match = new RegExp(`^(${columnPattern.source})(\\s+(\\S+))?$`).exec(part.trim());
    if (match === null) {
      const found = part.trim() === ""
        ? "A column is missing"
        : `"${part.trim()}" is not a column with or without desc`;
      context.fail(
        Math.min(start, Math.max(0, context.text.length - 1)),
        found,
        "Write: column, column desc",
      );
      continue;
    }
    const column = unquote(match[1] ?? "");
    if (match[3] !== undefined && match[3] !== "desc") {
      const at = start + part.trim().lastIndexOf(match[3]);
      const hint = match[3] === "asc"
        ? "Leave it out: ascending is what is meant without desc"
        : 'Only "desc" may follow';
      context.fail(at, `"${match[3]}" follows the column`, hint);
    } else if (terms.some((term) => term.column === column)) {
      context.repeat(start, `Column "${column}" is here a second time`);
    } else {
      terms.push({ column, descending: match[3] === "desc", place: context.placeOf(start) });
    }
  }
  return terms;
}

/** A reader of a whole number that the module's own may only lower. */
export function ceiling(
  field: "rows" | "bytes" | "tokens" | "maxCost" | "maxAffected",
): (context: TagContext, header: Header) => void {
  return (context, header) => {
    if (!/^[1-9][0-9]*$/.test(context.text) || Number(context.text) > 2 ** 31 - 1) {
      context.fail(0, `"${context.text}" is not a whole number from 1 to ${2 ** 31 - 1}`);
      return;
    }
    header[field] = Number(context.text);
    checkAgainstModule(context, header, field);
  };
}

export function readTimeout(context: TagContext, header: Header): void {
  const duration_ms = readDuration(context, context.text, 0);
  if (duration_ms === null) return;
  header.timeout_ms = duration_ms;
  checkAgainstModule(context, header, "timeout_ms");
}

function checkAgainstModule(
  context: TagContext,
  header: Header,
  field: "rows" | "bytes" | "tokens" | "maxCost" | "maxAffected" | "timeout_ms",
): void {
  const [own, most] = [header[field], context.moduleDefaults?.[field] ?? null];
  if (own === null || most === null || own <= most) return;
  const unit = field === "timeout_ms" ? " ms" : "";
  context.fail(
    0,
    `@${context.tag} ${context.text} is above the ${most}${unit} of _module.sql`,
    "A file's ceiling can only be lower than its module's",
  );
}

const unit_ms: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function readDuration(context: TagContext, text: string, index: number): number | null {
  const match = /^([1-9][0-9]*)(ms|s|m|h|d)$/.exec(text);
  const duration_ms = Number(match?.[1] ?? 0) * (unit_ms[match?.[2] ?? ""] ?? 0);
  if (match === null || duration_ms > 2 ** 31 - 1) {
    context.fail(
      index,
      `"${text}" is not a duration`,
      "A whole number and a unit: 500ms, 2s, 10m, 1h; at most 24d",
    );
    return null;
  }
  return duration_ms;
}

export function readCache(context: TagContext, header: Header): void {
  const [duration, by, ...paths] = words(context.text);
  if (duration === undefined) return;
  const ttl_ms = readDuration(context, duration.text, duration.index);
  if (by !== undefined && (by.text !== "by" || paths.length === 0)) {
    context.fail(by.index, `"${by.text}" follows the duration`, "Write: @cache 10m by claim.sub");
    return;
  }
  let isRight = true;
  for (const [position, path] of paths.entries()) {
    if (!/^claim\.[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$/.test(path.text)) {
      context.fail(
        path.index,
        `"${path.text}" is not a claim`,
        "Write claim. and the claim's path: claim.tenant.id",
      );
      isRight = false;
    } else if (paths.findIndex((each) => each.text === path.text) < position) {
      context.repeat(path.index, `"${path.text}" is here a second time`);
    }
  }
  if (ttl_ms === null || !isRight) return;
  header.cache = { ttl_ms, by: paths.map((path) => path.text.slice("claim.".length)), place: context.place };
}

export function readRole(context: TagContext, header: Header): void {
  const role = unquote(context.text);
  const isName = /^[a-z_][a-z0-9_$]*$/.test(context.text) || /^"(?:[^"]|"")+"$/.test(context.text);
  if (!isName || new TextEncoder().encode(role).length > 63) {
    context.fail(
      0,
      `"${context.text}" is not a name of a database role`,
      'Lower case, or in double quotes: "Role"',
    );
  } else if (role === "none" || role === "public") {
    context.fail(0, `"${role}" is a keyword of PostgreSQL and not a role`);
  } else {
    header.role = role;
  }
}

export function readScope(context: TagContext, header: Header): void {
  for (const word of words(context.text)) {
    if (!/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(word.text)) {
      context.fail(
        word.index,
        `"${word.text}" is not an OAuth scope`,
        "Printable ASCII without quote and backslash",
      );
    } else if (header.scopes.includes(word.text)) {
      context.repeat(word.index, `Scope "${word.text}" is here a second time`);
    } else {
      header.scopes.push(word.text);
    }
  }
}

const hintNames = ["idempotent", "destructive", "additive", "open-world"] as const;

export function readHint(context: TagContext, header: Header): void {
  const name = hintNames.find((known) => known === context.text);
  if (name === undefined) {
    const near = didYouMean(context.text, hintNames);
    context.fail(0, `"${context.text}" is not a hint`, near ?? `The hints are ${hintNames.join(", ")}`);
    return;
  }
  if (context.kind !== null && readKinds.has(context.kind) && name !== "open-world") {
    context.fail(0, `A :${context.kind} only reads, so "${name}" is already decided`, "Remove the tag");
    return;
  }
  const earlier = header.hints.map((hint) => hint.name);
  const opposite = name === "destructive" ? "additive" : name === "additive" ? "destructive" : null;
  if (earlier.includes(name)) context.repeat(0, `@hint ${name} is here a second time`);
  else if (opposite !== null && earlier.includes(opposite)) {
    context.fail(0, `"${name}" contradicts "${opposite}" above`, "Keep one of them");
  } else header.hints.push({ name, place: context.place });
}

export function readConfirm(context: TagContext, header: Header): void {
  const match = /^when\s+affected\s+>\s+(0|[1-9][0-9]{0,9})$/.exec(context.text);
  if (context.text === "always") header.confirm = { always: true };
  else if (match !== null) header.confirm = { affectedAbove: Number(match[1]) };
  else context.fail(0, `"${context.text}" is not a condition`, "Write: when affected > 100, or always");
}

export function readResource(context: TagContext, header: Header): void {
  const template = context.text;
  const invalid = /[^\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7e]/.exec(template);
  if (!/^[a-z][a-z0-9+.-]*:[^\s]/.test(template)) {
    context.fail(0, `"${template}" is not a URI template with a scheme`, "For example shop://order/{id}");
    return;
  }
  if (invalid !== null) {
    context.fail(invalid.index, `"${invalid[0]}" cannot stand in a URI template`);
    return;
  }
  const rest = template.replace(/\{[A-Za-z][A-Za-z0-9_]*\}/g, (variable) => " ".repeat(variable.length));
  const brace = /[{}]/.exec(rest);
  if (brace !== null) {
    context.fail(
      brace.index,
      "This brace is not part of a {name}",
      "Every variable is the name of one parameter",
    );
    return;
  }
  header.resource = { template, place: context.placeOf(0) };
}

const chartTypes = ["line", "bar", "area"] as const;

export function readChart(context: TagContext, header: Header): void {
  const [first, ...settings] = words(context.text);
  const type = chartTypes.find((known) => known === first?.text);
  if (first === undefined) return;
  if (type === undefined) {
    const near = didYouMean(first.text, chartTypes);
    context.fail(
      first.index,
      `"${first.text}" is not a chart`,
      near ?? `The charts are ${chartTypes.join(", ")}`,
    );
    return;
  }
  const found = new Map<string, string>();
  for (const setting of settings) {
    const match = /^(\w+)=(.+)$/.exec(setting.text);
    const key = match?.[1] ?? "";
    if (match === null || !["x", "y", "series"].includes(key)) {
      context.fail(
        setting.index,
        `"${setting.text}" is not a part of a chart`,
        "Write x=col, y=col,col or series=col",
      );
      return;
    }
    if (found.has(key)) {
      context.repeat(setting.index, `${key}= is here a second time`);
      return;
    }
    const columns = (match[2] ?? "").split(",");
    const isName = columns.every((column) => new RegExp(`^${columnPattern.source}$`).test(column));
    if (!isName || (key !== "y" && columns.length > 1)) {
      context.fail(
        setting.index + key.length + 1,
        `"${match[2]}" is not ${key === "y" ? "columns" : "one column"}`,
      );
      return;
    }
    found.set(key, match[2] ?? "");
  }
  const [x, y] = [found.get("x"), found.get("y")];
  if (x === undefined || y === undefined) {
    context.fail(first.index, `A chart needs ${x === undefined ? "x=" : "y="}`, "Write: line  x=col  y=col");
    return;
  }
  const series = found.get("series");
  header.chart = {
    type,
    x: unquote(x),
    y: y.split(",").map(unquote),
    series: series === undefined ? null : unquote(series),
    place: context.placeOf(first.index),
  };
}

export function readDeprecated(context: TagContext, header: Header): void {
  const match = /^use\s+([A-Za-z0-9_-]{1,64})$/.exec(context.text);
  if (context.text === "") header.deprecated = { use: null };
  else if (match !== null) header.deprecated = { use: match[1] ?? null };
  else {context.fail(
      0,
      `"${context.text}" is not "use" and a tool`,
      "Write: @deprecated use shop_find_order",
    );}
}

export function readAllow(context: TagContext, header: Header): void {
  const part = /\s{2,}|\n/.exec(context.text);
  const list = part === null ? context.text : context.text.slice(0, part.index);
  const reason = part === null ? "" : context.text.slice(part.index).trim().replace(/\s*\n\s*/g, " ");
  const allowed: string[] = [];
  for (const word of words(list)) {
    const known = Object.entries(rules).find(([code]) => code === word.text)?.[1];
    const allowable = Object.entries(rules).filter(([, each]) => each.allowable).map(([code]) => code);
    if (known === undefined) {
      const near = didYouMean(word.text, Object.keys(rules));
      const hint = reason === ""
        ? "Two spaces part the rules from the reason: @allow seq-scan  the table is small"
        : near ?? `The rules are ${allowable.join(", ")}`;
      context.fail(word.index, `"${word.text}" is not a rule`, reason === "" ? near ?? hint : hint);
      return;
    }
    if (!known.allowable) {
      context.fail(word.index, `"${word.text}" cannot be allowed`, `These can: ${allowable.join(", ")}`);
      continue;
    }
    if (allowed.includes(word.text) || header.allows.some((earlier) => earlier.rules.includes(word.text))) {
      context.repeat(word.index, `"${word.text}" is already allowed`);
      continue;
    }
    allowed.push(word.text);
  }
  if (reason === "") {
    context.fail(
      0,
      "@allow has no reason",
      "Two spaces part the rules from the reason: @allow seq-scan  the table is small",
    );
    return;
  }
  if (allowed.length > 0) header.allows.push({ rules: allowed, reason, place: context.place });
}
