import assert from "node:assert/strict";
import stringWidth from "string-width";
import { formatDocument } from "../../src/cli/console/answer.ts";
import { type Cell, type Column, formatPairs, formatTable } from "../../src/cli/console/table.ts";

const plain = { paint: (_style: unknown, text: string) => text, width: Number.POSITIVE_INFINITY };
const columns: Column[] = [{ title: "name" }, { title: "amount", isNumber: true }, { title: "note" }];
const rows: Cell[][] = [
  ["Apple Inc.", "391035000000", "x".repeat(60)],
  ["日本電気株式会社", "6.08", null],
  ["Line\nbreak\tand \x1b[31mcolour", "-0.5", "short"],
];

Deno.test("formatTable aligns numbers by their points and leaves the rest on the left", () => {
  const lines = formatTable(columns.slice(0, 2), [["a", "10"], ["b", "2.5"], ["c", "-3.25"]], plain).split(
    "\n",
  );
  assert.deepEqual(lines, ["name  amount", "────  ──────", "a      10", "b       2.5", "c      -3.25"]);
});

Deno.test("formatTable never draws a line wider than the terminal, and each row is one line", () => {
  for (const width of [60, 72, 80, 100, 140]) {
    const lines = formatTable(columns, rows, { ...plain, width }).split("\n");
    assert.equal(lines.length, 5, `at ${width}`);
    for (const line of lines) {
      assert.ok(stringWidth(line) <= width, `${stringWidth(line)} > ${width}: ${line}`);
    }
  }
});

Deno.test("formatTable shortens text with an ellipsis, and numbers never", () => {
  const text = formatTable(columns, rows, { ...plain, width: 60 });
  assert.match(text, /391035000000/);
  assert.match(text, /x…$/m);
});

Deno.test("formatTable draws records where columns would have to be cut too short", () => {
  const codes = [{ title: "accession", isWhole: true }, { title: "note" }];
  const text = formatTable(codes, [["0000320193-24-000123", "a long note that does not fit"]], {
    ...plain,
    width: 32,
  });
  assert.equal(text, "── 1 ──\naccession  0000320193-24-000123\nnote       a long note that doe…");
});

Deno.test("formatTable draws null as itself and control characters as none", () => {
  const text = formatTable(columns, rows, plain);
  assert.match(text, /null/);
  assert.match(text, /Line break and \uFFFD\[31mcolour/);
  assert.ok(!text.includes("\x1b"));
});

Deno.test("formatTable paints what it has cut, never the other way round", () => {
  const paint = (_style: unknown, text: string) => `\x1b[1m${text}\x1b[22m`;
  const text = formatTable([{ title: "a title that is long" }], [["x".repeat(40)]], { paint, width: 14 });
  assert.ok(text.startsWith("\x1b[1ma title that …\x1b[22m"));
});

Deno.test("formatPairs keeps the names in one column and cuts long values", () => {
  const pairs = [["cik", "320193"], ["name", "y".repeat(40)], ["state", null]] as const;
  assert.equal(
    formatPairs(pairs, { ...plain, width: 20 }),
    `cik    320193\nname   ${"y".repeat(12)}…\nstate  null`,
  );
});

Deno.test("formatDocument draws scalars, nested objects, lists and empty lists", () => {
  const text = formatDocument({
    name: "Apple",
    tickers: ["AAPL", "APC"],
    address: { city: "Cupertino", lines: [] },
    years: [{ year: 2025, figures: [{ item: "revenue", value: "10" }, { item: "eps", value: "7.46" }] }],
    codes: [{ code: "0001" }, { code: "0010" }],
  }, plain);
  assert.equal(
    text,
    [
      "name     Apple",
      "tickers  AAPL, APC",
      "",
      "address",
      "  city  Cupertino",
      "  lines  none",
      "",
      "years",
      "  year  2025",
      "  figures",
      "    item     value",
      "    ───────  ─────",
      "    revenue  10",
      "    eps       7.46",
      "",
      "codes",
      "  code",
      "  ────",
      "  0001",
      "  0010",
    ].join("\n"),
  );
});

Deno.test("formatTable says once what all rows share, where the columns do not fit", () => {
  const wide = [{ title: "kind", isWhole: true }, { title: "unit", isWhole: true }, {
    title: "id",
    isWhole: true,
  }];
  const rows = ["a".repeat(14), "b".repeat(14)].map((id) => ["annual-report", "dollars-of-us", id]);
  const text = formatTable(wide, rows, { ...plain, width: 40 });
  assert.equal(
    text,
    `kind  annual-report\nunit  dollars-of-us\n\nid\n──────────────\n${"a".repeat(14)}\n${"b".repeat(14)}`,
  );
});

Deno.test("formatTable breaks prose at words and never inside of one", () => {
  const columns = [{ title: "name", isWhole: true }, { title: "meaning", wraps: true }];
  const text = formatTable(columns, [["--limit", "How many companies to return at the most"]], {
    ...plain,
    width: 30,
  });
  const lines = text.split("\n");
  assert.deepEqual(lines.slice(2), [
    "--limit  How many companies to",
    "         return at the most",
  ]);
  for (const line of lines) assert.ok(stringWidth(line) <= 30, line);
});
