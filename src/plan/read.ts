/**
 * A plan of `explain (format json)`: its nodes with own and whole time, and what in it is worth a second
 * look. Pure.
 */

export interface Plan {
  root: PlanNode;
  planning_ms: number | null;
  execution_ms: number | null;
  /** Planner settings that are not the default. */
  settings: Record<string, string>;
}

export interface PlanNode {
  /** PostgreSQL's name, such as `Index Scan`, with its variant: `Hash Left Join`, `Partial HashAggregate`. */
  type: string;
  /** `schema.table`. */
  relation: string | null;
  alias: string | null;
  index: string | null;
  /** `CTE totals`, `InitPlan 1`, `SubPlan 2`. */
  subplan: string | null;
  /** Conditions and keys, in PostgreSQL's words. */
  conditions: { name: string; text: string }[];
  startupCost: number;
  totalCost: number;
  /** Over all loops. */
  expectedRows: number;
  /** Over all loops; null without `analyze`. 0 loops: never executed. */
  rows: number | null;
  loops: number | null;
  removedRows: number;
  /** Time of the node with what is below it; null without `analyze`. Workers side by side count once. */
  total_ms: number | null;
  /** Without what is below it. */
  self_ms: number | null;
  /** Pages of 8 kB. */
  buffers: { hit: number; read: number; tempWritten: number } | null;
  /** Sort or hash that went to disk, in kB. */
  spilled_kB: number | null;
  children: PlanNode[];
}

export interface PlanWarning {
  kind: "seq-scan" | "misestimate" | "spill";
  message: string;
}

/** From here a table is large. */
export const largeTable_rows = 10_000;
const misestimate = 100;

type Json = Record<string, unknown>;

/** @param answer what `explain (format json)` answers */
export function readPlan(answer: unknown): Plan {
  const top = (answer as Json[])[0]!;
  return {
    root: readNode(top.Plan as Json, 1),
    planning_ms: numberOf(top["Planning Time"]),
    execution_ms: numberOf(top["Execution Time"]),
    settings: (top.Settings ?? {}) as Record<string, string>,
  };
}

/** The node and all below it, parents first. */
export function* nodesOf(node: PlanNode): Generator<PlanNode> {
  yield node;
  for (const child of node.children) yield* nodesOf(child);
}

export function isSeqScan({ type }: PlanNode): boolean {
  return /\bSeq Scan$/.test(type);
}

/** @param sizes rows by `schema.table` as the catalogue counts them */
export function planWarnings({ root }: Plan, sizes: ReadonlyMap<string, number>): PlanWarning[] {
  const warnings: PlanWarning[] = [];
  for (const node of nodesOf(root)) {
    const size = Math.max(
      sizes.get(node.relation ?? "") ?? 0,
      (node.rows ?? node.expectedRows) + node.removedRows,
    );
    const filter = node.conditions.find(({ name }) => name === "Filter");
    if (isSeqScan(node) && node.loops !== 0 && size >= largeTable_rows) {
      warnings.push({
        kind: "seq-scan",
        message: `${node.type} reads all ${count(size)} rows of ${node.relation}` +
          (filter === undefined ? "" : `; an index could serve ${filter.text}`),
      });
    }
    if (node.spilled_kB !== null) {
      warnings.push({
        kind: "spill",
        message: `${nameOf(node)} went to disk with ${
          count(node.spilled_kB)
        } kB; a larger work_mem keeps it in memory`,
      });
    }
  }
  findMisestimates(root, false, warnings);
  return warnings;
}

type Direction = "more" | "fewer";

/**
 * Only the lowest of nodes that are wrong in one direction is told: those above inherit its error. Nodes that
 * a LIMIT stops early give fewer rows by design.
 * @returns directions in which the node or one below it is wrong
 */
function findMisestimates(node: PlanNode, isStopped: boolean, warnings: PlanWarning[]): Set<Direction> {
  const stops = (isStopped && !readsAll.test(node.type)) || node.type === "Limit";
  const below = new Set<Direction>();
  for (const child of node.children) {
    for (const direction of findMisestimates(child, stops, warnings)) below.add(direction);
  }
  if (node.rows === null || node.loops === 0) return below;
  const ratio = Math.max(node.rows, 1) / Math.max(node.expectedRows, 1);
  if (ratio < misestimate && ratio > 1 / misestimate) return below;
  const direction = ratio > 1 ? "more" : "fewer";
  if (below.has(direction) || (isStopped && direction === "fewer")) return below;
  const [found, expected] = [count(node.rows), count(node.expectedRows)];
  const cure = node.relation === null
    ? ""
    : `; \`analyze ${node.relation}\` or extended statistics may mend it`;
  warnings.push({
    kind: "misestimate",
    message: `${nameOf(node)} was expected to give ${expected} rows and gave ${found}${cure}`,
  });
  return below.add(direction);
}

/** Nodes that read all of their input before they give a row. */
const readsAll = /^(?:Sort|Hash|Materialize|.*Aggregate|WindowAgg|Bitmap)$/;

/** `Index Scan using index_order_customer on shop.order as sale`. */
export function nameOf({ type, index, relation, alias }: PlanNode): string {
  const using = index === null ? "" : ` using ${index}`;
  const on = relation === null ? "" : ` on ${relation}`;
  const as = alias === null || alias === relation?.split(".").at(-1) ? "" : ` as ${alias}`;
  return `${type}${using}${on}${as}`;
}

const conditionNames = [
  "Index Cond",
  "Recheck Cond",
  "Hash Cond",
  "Merge Cond",
  "Join Filter",
  "Filter",
  "One-Time Filter",
  "Order By",
  "Sort Key",
  "Presorted Key",
  "Group Key",
];

/** @param processes workers and leader that run the node side by side */
function readNode(json: Json, processes: number): PlanNode {
  const workers = numberOf(json["Workers Launched"]);
  const below = workers === null ? processes : workers + 1;
  const children = ((json.Plans ?? []) as Json[]).map((child) => readNode(child, below));
  const loops = numberOf(json["Actual Loops"]);
  const times = loops === null ? 1 : loops;
  const each_ms = numberOf(json["Actual Total Time"]);
  const total_ms = each_ms === null || loops === null ? null : (each_ms * loops) / processes;
  const perLoop = numberOf(json["Actual Rows"]);
  const isDisk = json["Sort Space Type"] === "Disk";
  const batches = numberOf(json["Hash Batches"]) ?? numberOf(json["HashAgg Batches"]) ?? 1;
  const spilled_kB = isDisk
    ? numberOf(json["Sort Space Used"])
    : batches > 1
    ? numberOf(json["Disk Usage"]) ?? (numberOf(json["Temp Written Blocks"]) ?? 0) * 8
    : null;
  const schema = typeof json.Schema === "string" ? `${json.Schema}.` : "";
  return {
    type: typeOf(json),
    relation: typeof json["Relation Name"] === "string" ? schema + json["Relation Name"] : null,
    alias: textOf(json.Alias),
    index: textOf(json["Index Name"]),
    subplan: textOf(json["Subplan Name"]),
    conditions: conditionNames.flatMap((name) => {
      const value = json[name];
      if (value === undefined) return [];
      return [{ name, text: Array.isArray(value) ? value.join(", ") : String(value) }];
    }),
    startupCost: numberOf(json["Startup Cost"]) ?? 0,
    totalCost: numberOf(json["Total Cost"]) ?? 0,
    expectedRows: (numberOf(json["Plan Rows"]) ?? 0) * Math.max(times, 1),
    rows: perLoop === null || loops === null ? null : Math.round(perLoop * loops),
    loops,
    removedRows: Math.round(
      ((numberOf(json["Rows Removed by Filter"]) ?? 0) +
        (numberOf(json["Rows Removed by Index Recheck"]) ?? 0)) * times,
    ),
    total_ms,
    self_ms: total_ms === null
      ? null
      : Math.max(0, total_ms - children.reduce((sum, child) => sum + (child.total_ms ?? 0), 0)),
    buffers: json["Shared Hit Blocks"] === undefined ? null : {
      hit: numberOf(json["Shared Hit Blocks"]) ?? 0,
      read: numberOf(json["Shared Read Blocks"]) ?? 0,
      tempWritten: numberOf(json["Temp Written Blocks"]) ?? 0,
    },
    spilled_kB,
    children,
  };
}

/**
 * As the text format writes it: strategy, partial mode, direction and join type are fields of their own in
 * JSON.
 */
function typeOf(json: Json): string {
  let type = String(json["Node Type"]);
  if (type === "Aggregate") {
    const strategies: Record<string, string> = {
      Plain: "Aggregate",
      Sorted: "GroupAggregate",
      Hashed: "HashAggregate",
      Mixed: "MixedAggregate",
    };
    type = strategies[String(json.Strategy)] ?? type;
    if (typeof json["Partial Mode"] === "string" && json["Partial Mode"] !== "Simple") {
      type = `${json["Partial Mode"]} ${type}`;
    }
  }
  if (type === "ModifyTable") type = String(json.Operation ?? type);
  const join = textOf(json["Join Type"]);
  if (join !== null && join !== "Inner") {
    type = type === "Nested Loop" ? `Nested Loop ${join} Join` : type.replace(/ Join$/, ` ${join} Join`);
  }
  if (json["Scan Direction"] === "Backward") type += " Backward";
  return json["Parallel Aware"] === true ? `Parallel ${type}` : type;
}

const count = (rows: number) => Math.round(rows).toLocaleString("en-US");
const numberOf = (value: unknown): number | null => typeof value === "number" ? value : null;
const textOf = (value: unknown): string | null => typeof value === "string" ? value : null;
