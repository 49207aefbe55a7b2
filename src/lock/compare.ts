/**
 * What a change does to the tools, in words: two locks, or a lock and the database, tool by tool. A change is
 * breaking when a caller that was right before may be wrong now: it sends something that is refused, or is
 * answered something it does not expect.
 */

import { didYouMean } from "../query/diagnostic.ts";
import type { JsonSchema } from "../tool/model.ts";
import type { Lock, LockedTool } from "./lock.ts";

export interface LockChange {
  tool: string;
  /** To be read after the tool's name: `column value became nullable`. */
  message: string;
  isBreaking: boolean;
}

/** Changes by tool, breaking ones first. Only tools that `isKnown` says can be judged are called removed. */
export function compareLocks(
  before: Lock,
  after: Lock,
  { isJudged = () => true }: { isJudged?: (tool: string) => boolean } = {},
): LockChange[] {
  const changes: LockChange[] = [];
  for (const name of new Set([...Object.keys(before.tools), ...Object.keys(after.tools)])) {
    if (!isJudged(name)) continue;
    const report: Report = (message, isBreaking) => changes.push({ tool: name, message, isBreaking });
    const [was, is] = [before.tools[name], after.tools[name]];
    if (is === undefined) report("the tool was removed", true);
    else if (was === undefined) report("the tool is new", false);
    else {
      const known = changes.length;
      compareTools(was, is, report);
      const isSame =
        JSON.stringify([was, originOf(before, was)]) === JSON.stringify([is, originOf(after, is)]);
      if (changes.length === known && !isSame) report(explainRest({ before, was }, { after, is }), false);
    }
  }
  const rank = ({ isBreaking }: LockChange) => isBreaking ? 0 : 1;
  return changes.sort((one, other) =>
    rank(one) - rank(other) || (one.tool < other.tool ? -1 : one.tool > other.tool ? 1 : 0)
  );
}

type Report = (message: string, isBreaking: boolean) => void;

function compareTools(was: LockedTool, is: LockedTool, report: Report): void {
  if (was.kind !== is.kind) report(`its kind is :${is.kind}, and was :${was.kind}`, true);
  compareValues(inputOf(was), inputOf(is), { direction: "input", place: "", report });
  compareValues(was.output, is.output, { direction: "output", place: "", report });
  if (was.annotations.readOnlyHint && !is.annotations.readOnlyHint) report("it writes now", true);
  if (!was.annotations.destructiveHint && is.annotations.destructiveHint) {
    report("it is destructive now", true);
  }
  const [scopesBefore, scopesNow] = [was.scopes ?? [], is.scopes ?? []];
  const added = scopesNow.filter((scope) => !scopesBefore.includes(scope));
  const dropped = scopesBefore.filter((scope) => !scopesNow.includes(scope));
  if (added.length > 0) report(`it needs the scope ${added.join(" ")} now`, true);
  if (dropped.length > 0) report(`it does not need the scope ${dropped.join(" ")} any more`, false);
}

/** Without what follows from the ceilings. */
function inputOf({ input }: LockedTool): JsonSchema {
  const { page_size: _pageSize, ...properties } = propertiesOf(input);
  return { ...input, properties };
}

/** What is beneath the schemas: the file, or what the database has of its own. */
function explainRest(
  { before, was }: { before: Lock; was: LockedTool },
  { after, is }: { after: Lock; is: LockedTool },
): string {
  if (was.sha256 !== is.sha256) return "the file has changed, and its schemas have not";
  const found = [
    ...differences(columnsBehind(before, was), columnsBehind(after, is)),
    ...differences(functionsBehind(before, was), functionsBehind(after, is)),
  ];
  if (found.length === 0) return "what it is made of has changed, and its schemas have not";
  const more = found.length > mostNamed ? ` and ${found.length - mostNamed} more` : "";
  return `${found.slice(0, mostNamed).join("; ")}${more}: its schemas have not changed`;
}

/** So many are read at a glance. */
const mostNamed = 3;

function differences(was: ReadonlyMap<string, string>, is: ReadonlyMap<string, string>): string[] {
  return [...new Set([...was.keys(), ...is.keys()])].sort().flatMap((name) => {
    const [before, now] = [was.get(name), is.get(name)];
    if (before === now) return [];
    if (before === undefined) return [`${name} is new (${now})`];
    return now === undefined ? [`${name} is gone`] : [`${name} is ${now}, and was ${before}`];
  });
}

/** Each relation with its kind, and each column with its type, also those behind views. */
function columnsBehind(lock: Lock, tool: LockedTool): Map<string, string> {
  const columns = new Map<string, string>();
  const reach = (name: string, used: readonly string[]) => {
    const relation = lock.relations[name];
    if (relation === undefined) return;
    columns.set(name, relation.kind);
    for (const column of used) columns.set(`${name}.${column}`, relation.columns[column] ?? "");
    for (const [inner, own] of Object.entries(relation.from ?? {})) {
      if (!columns.has(inner) || own.some((column) => !columns.has(`${inner}.${column}`))) reach(inner, own);
    }
  };
  for (const [name, used] of Object.entries(tool.uses.relations)) reach(name, used);
  return columns;
}

function functionsBehind(lock: Lock, tool: LockedTool): Map<string, string> {
  return new Map(tool.uses.functions.map((name) => [`${name}()`, (lock.functions[name] ?? []).join(", ")]));
}

/** The columns, functions and types behind a tool, those of other tools left out. */
function originOf(lock: Lock, tool: LockedTool): unknown {
  return [
    [...columnsBehind(lock, tool)].sort(([one], [other]) => one < other ? -1 : 1),
    [...functionsBehind(lock, tool)],
    [...tool.parameters, ...tool.columns].map(({ type }) => lock.types[type]),
  ];
}

interface Comparison {
  direction: "input" | "output";
  /** Where in the arguments or the answer; empty at the root. */
  place: string;
  report: Report;
}

function compareValues(was: JsonSchema, is: JsonSchema, comparison: Comparison): void {
  const { direction, place, report } = comparison;
  const what = place === "" ? (direction === "input" ? "its arguments" : "its answer") : nameOf(comparison);
  const [typesBefore, typesNow] = [typesOf(was), typesOf(is)];
  const [nullBefore, nullNow] = [typesBefore.includes("null"), typesNow.includes("null")];
  const isOutput = direction === "output";
  const plainBefore = typesBefore.filter((type) => type !== "null");
  const plainNow = typesNow.filter((type) => type !== "null");
  if (plainBefore.join() !== plainNow.join()) {
    const [from, to] = isOutput ? [plainNow, plainBefore] : [plainBefore, plainNow];
    // An answer may become narrower, an argument wider; a schema without a type is anything.
    const isBreaking = to.length > 0 && (from.length === 0 || !from.every((type) => accepts(to, type)));
    report(`${what} is ${said(plainNow)}, and was ${said(plainBefore)}`, isBreaking);
  }
  if (!nullBefore && nullNow && typesBefore.length > 0) report(`${what} became nullable`, isOutput);
  if (nullBefore && !nullNow && typesNow.length > 0) report(`${what} is never null now`, !isOutput);
  // What another type allows is another matter.
  if (plainBefore.join() === plainNow.join()) {
    compareEnums(was.enum, is.enum, what, comparison);
    compareBounds(was, is, what, comparison);
  }
  if (was.properties !== undefined || is.properties !== undefined) compareProperties(was, is, comparison);
  if (was.items !== undefined && is.items !== undefined) {
    const inner = place === "" ? place : `${place}[]`;
    compareValues(was.items as JsonSchema, is.items as JsonSchema, { ...comparison, place: inner });
  }
}

const accepts = (types: readonly string[], type: string) =>
  types.includes(type) || (type === "integer" && types.includes("number"));

const said = (types: readonly string[]) => types.length === 0 ? "anything" : types.join(" or ");

function compareProperties(was: JsonSchema, is: JsonSchema, comparison: Comparison): void {
  const { direction, place, report } = comparison;
  const [before, now] = [propertiesOf(was), propertiesOf(is)];
  const removed = Object.keys(before).filter((name) => !Object.hasOwn(now, name));
  const added = Object.keys(now).filter((name) => !Object.hasOwn(before, name));
  const requiredNow = new Set(is.required as string[] | undefined);
  const requiredBefore = new Set(was.required as string[] | undefined);
  const at = (name: string) => nameOf({ ...comparison, place: join(place, name) });
  for (const name of removed) {
    const renamed = renamedTo(name, added.filter((each) => sameSchema(before[name]!, now[each]!)));
    if (renamed === null) report(`${at(name)} was removed`, true);
    else {
      report(`${at(name)} was renamed to ${renamed}`, true);
      added.splice(added.indexOf(renamed), 1);
    }
  }
  for (const name of added) {
    if (direction === "output") report(`${at(name)} is new`, false);
    else if (requiredNow.has(name)) report(`${at(name)} is new and required`, true);
    else report(`${at(name)} is new and optional`, false);
  }
  for (const name of Object.keys(before).filter((each) => Object.hasOwn(now, each))) {
    const inner = { ...comparison, place: envelopes.has(name) && place === "" ? "" : join(place, name) };
    compareValues(before[name]!, now[name]!, inner);
    if (requiredBefore.has(name) === requiredNow.has(name)) continue;
    if (direction === "input") {
      const isRequired = requiredNow.has(name);
      report(`${at(name)} is ${isRequired ? "required" : "optional"} now`, isRequired);
    } else {report(
        `${at(name)} is ${requiredNow.has(name) ? "always" : "not always"} there now`,
        !requiredNow.has(name),
      );}
  }
}

const sameSchema = (one: JsonSchema, other: JsonSchema) => JSON.stringify(one) === JSON.stringify(other);

/** The same schema under one new name, or under one that is near, is the same thing renamed. */
function renamedTo(name: string, twins: readonly string[]): string | null {
  if (twins.length === 1) return twins[0]!;
  return twins.find((twin) => didYouMean(name, [twin]) !== null) ?? null;
}

/** What stands around the columns of an answer, and around the fields of a row that is sent. */
const envelopes: ReadonlySet<string> = new Set(["rows", "row"]);

function compareEnums(was: unknown, is: unknown, what: string, { direction, report }: Comparison): void {
  const before = (was as unknown[] | undefined)?.filter((value) => value !== null);
  const now = (is as unknown[] | undefined)?.filter((value) => value !== null);
  if (before === undefined && now === undefined) return;
  const isOutput = direction === "output";
  if (before === undefined || now === undefined) {
    const isNarrower = before === undefined;
    report(
      `${what} has ${isNarrower ? "a fixed set of values now" : "no fixed set of values any more"}`,
      isNarrower !== isOutput,
    );
    return;
  }
  for (const value of now.filter((each) => !before.includes(each))) {
    report(`${what} may be ${JSON.stringify(value)} now`, isOutput);
  }
  for (const value of before.filter((each) => !now.includes(each))) {
    report(`${what} is never ${JSON.stringify(value)} now`, !isOutput);
  }
}

const lower = ["minimum", "exclusiveMinimum", "minLength", "minItems"];
const upper = ["maximum", "exclusiveMaximum", "maxLength", "maxItems"];

function compareBounds(
  was: JsonSchema,
  is: JsonSchema,
  what: string,
  { direction, report }: Comparison,
): void {
  const isOutput = direction === "output";
  for (const key of [...lower, ...upper]) {
    const [before, now] = [was[key] as number | undefined, is[key] as number | undefined];
    if (before === now) continue;
    const isNarrower = now !== undefined &&
      (before === undefined || (lower.includes(key) ? now > before : now < before));
    report(`${what} has ${key} ${now ?? "no more"}, and had ${before ?? "none"}`, isNarrower !== isOutput);
  }
  for (const key of ["pattern", "format", "contentEncoding"]) {
    if (was[key] === is[key]) continue;
    const isWider = is[key] === undefined;
    report(
      `${what} has the ${key} ${is[key] ?? "no more"}, and had ${was[key] ?? "none"}`,
      isOutput ? was[key] !== undefined : !isWider,
    );
  }
  if (direction === "input" && JSON.stringify(was.default) !== JSON.stringify(is.default)) {
    report(
      `${what} is ${JSON.stringify(is.default) ?? "nothing"} by default, and was ${
        JSON.stringify(was.default) ?? "nothing"
      }`,
      false,
    );
  }
}

function nameOf({ direction, place }: Pick<Comparison, "direction" | "place">): string {
  return `${direction === "input" ? "parameter" : "column"} ${place}`;
}

const join = (place: string, name: string) => place === "" ? name : `${place}.${name}`;
const propertiesOf = (schema: JsonSchema) => (schema.properties ?? {}) as Record<string, JsonSchema>;
const typesOf = (schema: JsonSchema) => schema.type === undefined ? [] : [schema.type].flat() as string[];
