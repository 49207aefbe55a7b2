/**
 * Draws a plan: one line a node with its own time, share and rows, the tree to the right, conditions below
 * each node.
 */

import stringWidth from "string-width";
import { nameOf, type Plan, type PlanNode } from "../../plan/read.ts";
import { formatDuration, type Paint, showControls } from "./console.ts";
import { cut } from "./table.ts";

export interface PlanOptions {
  paint: Paint;
  /** In terminal cells; infinite where nothing is to be cut. */
  width: number;
}

interface Line {
  numbers: string[];
  tree: string;
  text: string;
  /** Share of the whole time; null for lines without a time. */
  share: number | null;
}

const gap = "  ";

/** Several lines, without a line end after the last. */
export function formatPlan(plan: Plan, { paint, width }: PlanOptions): string {
  const isTimed = plan.root.total_ms !== null;
  const titles = isTimed ? ["ms", "%", "rows", "expected"] : ["cost", "rows"];
  const lines: Line[] = [];
  addLines(plan.root, { first: "", rest: "" }, plan.root.total_ms, lines);
  const widths = titles.map((title, index) =>
    Math.max(title.length, ...lines.map(({ numbers }) => (numbers[index] ?? "").length))
  );
  const used = widths.reduce((sum, each) => sum + each + gap.length, 0);
  const room = Math.max(20, width - used);
  const row = (cells: readonly string[]) =>
    widths.map((each, index) => (cells[index] ?? "").padStart(each)).join(gap) + gap;
  const drawn = lines.map(({ numbers, tree, text, share }) => {
    const shown = cut(showControls(text), Math.max(8, room - stringWidth(tree)));
    const isDetail = numbers.length === 0;
    const figures = row(numbers);
    const hot = share === null || share < 0.2 ? null : share < 0.5 ? "yellow" : "red";
    return (hot === null ? figures : paint(hot, figures)) + paint("dim", tree) +
      (isDetail ? paint("dim", shown) : shown);
  });
  return [
    paint("bold", row(titles)) + paint("bold", "node"),
    paint("dim", row(widths.map((each) => "─".repeat(each)))) + paint("dim", "────"),
    ...drawn,
  ].map((line) => line.trimEnd()).join("\n");
}

/** Planning and execution, pages read, planner settings; one line each that there is. */
export function formatPlanFacts({ root, planning_ms, execution_ms, settings }: Plan): string[] {
  const { buffers } = root;
  const pages = (count: number, word: string) => `${count.toLocaleString("en-US")} ${word}`;
  const facts = [
    ...(planning_ms === null ? [] : [`planning ${formatDuration(planning_ms)}`]),
    ...(execution_ms === null ? [] : [`execution ${formatDuration(execution_ms)}`]),
    ...(buffers === null
      ? [`cost ${root.totalCost.toLocaleString("en-US")}`]
      : [`8 kB pages: ${pages(buffers.hit, "from cache")}, ${pages(buffers.read, "read")}`]),
  ];
  const own = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  return [facts.join(" · "), ...(own.length > 0 ? [`planner settings: ${own.join(", ")}`] : [])];
}

/** @param margin of the node's own line and of what stands below it */
function addLines(
  node: PlanNode,
  margin: { first: string; rest: string },
  whole_ms: number | null,
  lines: Line[],
): void {
  const subplan = node.subplan === null ? "" : `${node.subplan}: `;
  const isNever = node.loops === 0;
  const loops = node.loops !== null && node.loops > 1
    ? `  × ${node.loops.toLocaleString("en-US")} loops`
    : isNever
    ? "  (never run)"
    : "";
  const share = node.self_ms === null || whole_ms === null || whole_ms === 0 ? null : node.self_ms / whole_ms;
  lines.push({
    numbers: node.total_ms === null ? [node.totalCost.toFixed(2), count(node.expectedRows)] : [
      (node.self_ms ?? 0).toFixed((whole_ms ?? 0) < 10 ? 3 : 2),
      share === null ? "" : Math.min(100, Math.round(share * 100)).toString(),
      isNever ? "" : count(node.rows ?? 0),
      count(node.expectedRows),
    ],
    tree: margin.first,
    text: subplan + nameOf(node) + loops,
    share,
  });
  const below = node.children.length > 0 ? `${margin.rest}│    ` : `${margin.rest}     `;
  for (const { name, text } of node.conditions) {
    lines.push({ numbers: [], tree: below, text: `${name}: ${text}`, share: null });
  }
  if (node.removedRows > 0) {
    const text = `Removed by filter: ${count(node.removedRows)} rows`;
    lines.push({ numbers: [], tree: below, text, share: null });
  }
  for (const [index, child] of node.children.entries()) {
    const isLast = index === node.children.length - 1;
    addLines(
      child,
      {
        first: `${margin.rest}${isLast ? "└─ " : "├─ "}`,
        rest: `${margin.rest}${isLast ? "   " : "│  "}`,
      },
      whole_ms,
      lines,
    );
  }
}

const count = (rows: number) => Math.round(rows).toLocaleString("en-US");
