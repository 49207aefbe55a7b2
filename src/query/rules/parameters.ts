/** The parameters of a query file: what the SQL uses against what the header declares. */
import type { Header, QueryParameter, Statement } from "../model.ts";
import { didYouMean, type Report } from "../diagnostic.ts";
import { bindable, unnestedNumbers } from "./kind.ts";
import type { LexedStatement } from "../lexer.ts";
import { filterArgument } from "../filter_argument.ts";

/** Every parameter of the file once. `statements` is null when the SQL does not parse. */
export function collectParameters(
  lexed: readonly LexedStatement[],
  statements: readonly Statement[] | null,
  header: Header,
): QueryParameter[] {
  const parameters = new Map<string, QueryParameter>();
  for (const [index, { parameterNames, parameterPlaces }] of lexed.entries()) {
    const statement = statements?.[index];
    const unnested = statement === undefined ? null : unnestedNumbers(statement);
    for (const [position, name] of parameterNames.entries()) {
      const place = parameterPlaces[position] ?? { line: 1, column: 1 };
      const tag = header.params.find((param) => param.name === name) ?? null;
      // In a file that does not parse any parameter of an :unnest may be one of its arrays.
      const isUnnested = header.kind === "unnest" && (unnested?.has(position + 1) ?? true);
      const earlier = parameters.get(name);
      if (earlier === undefined) parameters.set(name, { name, place, tag, isUnnested });
      else earlier.isUnnested ||= isUnnested;
    }
  }
  return [...parameters.values()];
}

interface ParameterCheck {
  parameters: readonly QueryParameter[];
  header: Header;
  isKindKnown: boolean;
}

/** Declared and used, used and declared, and none with the name of an input that the server adds. */
export function checkParameters({ parameters, header, isKindKnown }: ParameterCheck, report: Report): void {
  const kind = isKindKnown ? header.kind : null;
  const used = new Set(parameters.map(({ name }) => name));
  const unused = header.params.filter(({ name }) => !used.has(name));
  const undeclared = parameters.filter(({ tag, isUnnested }) => tag === null && !isUnnested);
  // A view has no parameters at all, which is told as such.
  for (const { name, place } of kind === "view" ? [] : undeclared) {
    const near = didYouMean(name, unused.map((param) => param.name));
    const hint = near ?? `Add "-- @param ${name}  what the agent should pass"`;
    report("param-undeclared", place, `:${name} has no @param`, hint);
  }
  for (const { name, place } of unused) {
    const near = didYouMean(name, undeclared.map((parameter) => parameter.name));
    report(
      "param-unused",
      place,
      `Parameter "${name}" is declared and not used in the SQL`,
      near ?? undefined,
    );
  }
  const reserved = kind === "copy"
    ? ["rows", "source"]
    : kind === "unnest"
    ? ["rows"]
    : ["cursor", "page_size"];
  if (kind !== "copy" && kind !== "unnest" && header.page.length === 0) return;
  for (const { name, place, isUnnested } of parameters) {
    if (isUnnested || !reserved.includes(name)) continue;
    report("param-reserved", place, `The server itself adds the input "${name}" to this tool`);
  }
}

/** Parameters stand only where Postgres can bind a value. */
export function checkBinding(
  lexed: readonly LexedStatement[],
  statements: readonly Statement[],
  report: Report,
): void {
  for (const [index, { nodeType }] of statements.entries()) {
    if (bindable.has(nodeType)) continue;
    for (const place of lexed[index]?.parameterPlaces ?? []) {
      report("param-misplaced", place, "Postgres binds no value in such a statement");
    }
  }
}

export interface ReferenceOptions {
  report: Report;
  /** Why a query of `@complete` cannot be one, or null. */
  explainCompletion: (query: string) => string | null;
}

/** Tags that name inputs name inputs there are. */
export function checkReferences(
  header: Header,
  parameters: readonly QueryParameter[],
  { report, explainCompletion }: ReferenceOptions,
): void {
  const inputs = [
    ...parameters.filter(({ tag }) => tag === null || tag.from === null).map(({ name }) => name),
    ...header.filters.map(filterArgument),
  ];
  const known = inputs.length === 0
    ? "The tool has no parameters"
    : `The parameters are ${inputs.join(", ")}`;
  for (const { param, from, place } of header.completes) {
    if (!inputs.includes(param)) {
      report(
        "tag-value",
        place,
        `@complete names "${param}", which is no parameter`,
        didYouMean(param, inputs) ?? known,
      );
    }
    const problem = "query" in from ? explainCompletion(from.query) : null;
    if (problem !== null) {
      report("tag-value", place, problem, "Write one query that uses :value and nothing else");
    }
  }
  for (const [, variable = ""] of header.resource?.template.matchAll(/\{(\w+)\}/g) ?? []) {
    if (inputs.includes(variable) || header.resource === null) continue;
    const message = `{${variable}} in @resource is no parameter`;
    report("tag-value", header.resource.place, message, didYouMean(variable, inputs) ?? known);
  }
}
