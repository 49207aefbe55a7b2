/**
 * What PostgreSQL's planner says of the tools: the cost against `@max-cost`, and large tables that are read
 * whole. The plan is the one that serves all values; of a tool that is planned for the values of each call,
 * those of its examples.
 */

import { SqlwrightError } from "../errors.ts";
import { sqlstateOf } from "../postgres/database_error.ts";
import { mainStatement } from "../query/statements.ts";
import { explainPlan, isPlanRefusal, type PlanRefusal } from "../plan/ask.ts";
import type { PoolConnection } from "../postgres/pool.ts";
import { createReport, type Diagnostic } from "../query/diagnostic.ts";
import { withAllowed } from "../query/rules/lint.ts";
import type { ParsedQuery, Place, Statement } from "../query/model.ts";
import { locationOf, walk } from "../query/parser/parse_tree.ts";
import type { Tool } from "../tool/model.ts";
import { relationSizes } from "../plan/explain_call.ts";
import { isSeqScan, largeTable_rows, type PlanNode, readPlan } from "../plan/read.ts";

/** The plans of one tool. */
export interface ToolPlans {
  tool: Tool;
  plans: PlanNode[];
}

/**
 * Plans what can be planned; the others get a diagnostic each. Loads have no plan before their temporary
 * tables exist.
 */
export async function planTools(
  connection: PoolConnection,
  tools: readonly Tool[],
): Promise<{ planned: ToolPlans[]; diagnostics: Diagnostic[] }> {
  const planned: ToolPlans[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const tool of tools) {
    if (tool.query.parsed.copy !== null) continue;
    // A CALL has no plan.
    if (mainStatement(tool.query.parsed).nodeType === "CallStmt") continue;
    const { text, parameterCount } = plannedText(tool);
    const role = tool.query.parsed.header.role;
    const plans: PlanNode[] = [];
    for (const values of valuesOf(tool)) {
      const answer = await explainPlan(connection, { text, parameterCount, values, role });
      if (!isPlanRefusal(answer)) plans.push(readPlan(answer).root);
      // An example may well be there to show an error.
      // A domain that refuses nulls refuses the nulls that stand for all values: there is no plan, and no
      // fault.
      else if (values === null && sqlstateOf(answer.error)?.startsWith("23")) break;
      else if (values === null || sqlstateOf(answer.error) === "42501") {
        diagnostics.push(refusalOf(tool, answer));
        break;
      }
    }
    planned.push({ tool, plans });
  }
  return { planned, diagnostics };
}

/** Plans over the ceiling of their file. */
export function findCostlyPlans(planned: readonly ToolPlans[]): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (const { tool: { query: { parsed } }, plans } of planned) {
    const ceiling = parsed.header.maxCost;
    const cost = Math.max(0, ...plans.map(({ totalCost }) => totalCost));
    if (ceiling === null || cost <= ceiling) continue;
    reporterOf(parsed, diagnostics)(
      "over-cost",
      placeOfTag(parsed, "max-cost"),
      `The plan costs ${count(cost)}, more than the ceiling of ${count(ceiling)}`,
    );
  }
  return diagnostics;
}

/** Large tables that are read whole, each once a tool, with the index that would serve the filter. */
export async function findSeqScans(
  connection: PoolConnection,
  planned: readonly ToolPlans[],
  { largeTable_rows: least_rows = largeTable_rows }: { largeTable_rows?: number } = {},
): Promise<Diagnostic[]> {
  const scans = planned.flatMap(({ tool, plans }) =>
    plans.flatMap((plan) => [...wholeReads(plan, null)]).map((node) => ({ tool, node }))
  );
  const relations = [...new Set(scans.map(({ node }) => node.relation ?? ""))];
  const sizes = await relationSizes(connection, relations);
  const owners = sizes.size === 0 ? new Map<string, string>() : await foreignOwners(connection, relations);
  const diagnostics: Diagnostic[] = [];
  const seen = new Set<string>();
  for (const { tool: { query: { parsed } }, node } of scans) {
    const relation = node.relation ?? "";
    const size = sizes.get(relation) ?? 0;
    if (size < least_rows || seen.has(`${parsed.path} ${relation}`)) continue;
    seen.add(`${parsed.path} ${relation}`);
    const filter = node.conditions.find(({ name }) => name === "Filter")?.text ?? null;
    const columns = filter === null ? [] : filteredColumns(filter, node.alias ?? "");
    const names = columns.map(({ name }) => name);
    const purpose = names.length > 0 ? ` to find rows by ${names.join(", ")}` : "";
    reporterOf(parsed, diagnostics)(
      "seq-scan",
      placeOfRelation(parsed, relation),
      `All ${count(size)} rows of ${relation} are read${purpose}`,
      indexFor(relation, columns, owners.get(relation) ?? null),
    );
  }
  return diagnostics;
}

/**
 * The statement that a call without filters or a cursor runs; of a page the first one, with its usual size.
 */
function plannedText(tool: Tool): { text: string; parameterCount: number } {
  const main = mainStatement(tool.query.parsed);
  const parameterCount = main.parameterNames.length;
  if (tool.page === null) return { text: main.text, parameterCount };
  const { first } = tool.page.statements;
  // The limit is a parameter, of which a plan for all values would expect a tenth of the rows.
  return { text: first.replace(/limit \$\d+::bigint$/, `limit ${usualPage_rows}`), parameterCount };
}

const usualPage_rows = 51;

/** Values to plan for; null for the plan that serves all. */
function valuesOf(tool: Tool): ((string | null)[] | null)[] {
  if (!tool.plansEachCall) return [null];
  const { parameterNames } = mainStatement(tool.query.parsed);
  const bound = tool.query.parsed.header.examples.flatMap(({ arguments: args }) => {
    try {
      const { values } = tool.binding.bind(args);
      return [parameterNames.map((name) => values[name] ?? null)];
    } catch (error) {
      if (error instanceof SqlwrightError) return [];
      throw error;
    }
  });
  return bound.length > 0 ? bound : [null];
}

function refusalOf({ query: { parsed } }: Tool, { error, offset, isRole }: PlanRefusal): Diagnostic {
  const sqlstate = sqlstateOf(error);
  const main = mainStatement(parsed);
  const isPaged = parsed.header.page.length > 0;
  // The text of a page begins before that of the file.
  const place = isRole
    ? placeOfTag(parsed, "role")
    : main.placeAt(offset === null || isPaged || parsed.view !== null ? 0 : offset);
  const role = parsed.header.role;
  return {
    code: sqlstate === "42501" ? "privilege-missing" : `postgres-${sqlstate}`,
    severity: "error",
    path: parsed.path,
    line: place.line,
    column: place.column,
    message: isRole ? `The login may not become "${role}": ${error.message}` : error.message,
    hint: isRole ? `grant "${role}" to the login of DATABASE_URL` : error.hint,
  };
}

/** Sequential scans, but for those of which a LIMIT takes the first rows as they come. */
function* wholeReads(node: PlanNode, parent: PlanNode | null): Generator<PlanNode> {
  const isCut = parent?.type === "Limit" && !node.conditions.some(({ name }) => name === "Filter");
  if (isSeqScan(node) && !isCut) yield node;
  for (const child of node.children) yield* wholeReads(child, node);
}

interface FilteredColumn {
  name: string;
  operator: string;
}

/** Columns that the filter compares, `=` first; PostgreSQL writes `(fact.tag = $1)`. */
function filteredColumns(filter: string, alias: string): FilteredColumn[] {
  const found = new Map<string, string>();
  for (const match of filter.matchAll(/(\w+|"[^"]+")\.(\w+|"[^"]+")(?:\)::[\w ]+)? ([=<>~*!]+|IS NULL)/g)) {
    const [, table = "", name = "", operator = ""] = match;
    if (table.replaceAll('"', "") === alias && !found.has(name)) found.set(name, operator);
  }
  const rank = ({ operator }: FilteredColumn) => operator === "=" ? 0 : 1;
  return [...found].map(([name, operator]) => ({ name, operator })).sort((one, other) =>
    rank(one) - rank(other)
  );
}

const indexColumns = 3;

const isCatalogue = (relation: string) => /^(?:pg_catalog|information_schema|pg_toast)\./.test(relation);

/** Owners whose rights the login does not have, by relation: an index is theirs to make. */
async function foreignOwners(
  connection: PoolConnection,
  relations: readonly string[],
): Promise<Map<string, string>> {
  const rows = await connection.rows(
    `select
       namespace.nspname || '.' || relation.relname as name,
       pg_catalog.pg_get_userbyid(relation.relowner)::text as owner
     from pg_catalog.pg_class as relation
     join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
     where not pg_catalog.pg_has_role(relation.relowner, 'usage')
       and namespace.nspname || '.' || relation.relname in (
         select wanted.name from pg_catalog.json_array_elements_text($1::json) as wanted (name)
       )`,
    [JSON.stringify(relations)],
  );
  return new Map(rows.map(({ name, owner }) => [name!, owner!]));
}

/** @param owner of a table that is not the login's; null of its own */
function indexFor(
  relation: string,
  columns: readonly FilteredColumn[],
  owner: string | null,
): string | null {
  const [first] = columns;
  // Nobody makes indexes on PostgreSQL's own tables.
  if (first === undefined || isCatalogue(relation)) {
    return "Narrow the statement, or write @allow seq-scan with the reason why all rows are read";
  }
  const by = owner === null ? "" : `, made by ${owner}, who owns the table`;
  // A pattern that begins with a wildcard has no place in an ordinary index.
  if (/~/.test(first.operator)) {
    const made = `create index on ${relation} using gin (${first.name} gin_trgm_ops)`;
    return `With the extension pg_trgm${by}: ${made}`;
  }
  const names = columns.filter(({ operator }) => !/~/.test(operator)).slice(0, indexColumns);
  return `An index could serve it${by}: create index on ${relation} (${
    names.map(({ name }) => name).join(", ")
  })`;
}

function reporterOf(parsed: ParsedQuery, diagnostics: Diagnostic[]) {
  return withAllowed(parsed.header, createReport(parsed.path, diagnostics));
}

/** The tag in the header; a default of the module is told at the kind. */
export function placeOfTag({ source, header }: ParsedQuery, tag: string): Place {
  const lines = source.split(/\r\n|\n|\r/);
  const line = lines.findIndex((text) => text.startsWith(`-- @${tag} `));
  return line < 0 ? header.kindPlace : { line: line + 1, column: 4 };
}

function placeOfRelation(parsed: ParsedQuery, relation: string): Place {
  for (const statement of parsed.statements) {
    const place = findRelation(statement, relation);
    if (place !== null) return place;
  }
  return mainStatement(parsed).placeAt(0);
}

function findRelation(statement: Statement, relation: string): Place | null {
  let place: Place | null = null;
  walk(statement.nodeType, statement.tree, ({ type, node }) => {
    if (type !== "RangeVar" || place !== null) return;
    if (`${node.schemaname}.${node.relname}` === relation) place = statement.placeAtByte(locationOf(node));
  });
  return place;
}

const count = (number: number) => Math.round(number).toLocaleString("en-US");
