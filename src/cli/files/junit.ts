/** Test results as JUnit XML, the form that GitLab, Jenkins, GitHub's reporters and others read. */

export interface TestOutcome {
  /** The file's path as a person would open it. */
  suite: string;
  name: string;
  line: number;
  time_ms: number;
  /** What was expected and what was found; null when it passed. */
  failure: { message: string; text: string } | null;
}

/** One `testsuite` a file. */
export function writeJUnit(outcomes: readonly TestOutcome[]): string {
  const suites = Map.groupBy(outcomes, ({ suite }) => suite);
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="sqlwright" ${totals(outcomes)}>`,
  ];
  for (const [suite, cases] of suites) {
    lines.push(`  <testsuite name="${escape(suite)}" ${totals(cases)} errors="0" skipped="0">`);
    const classname = suite.replace(/\.sql$/, "").replaceAll("/", ".");
    for (const { name, line, time_ms, failure } of cases) {
      const opening = `    <testcase classname="${escape(classname)}" name="${escape(name)}" file="${
        escape(suite)
      }" line="${line}" time="${seconds(time_ms)}"`;
      if (failure === null) lines.push(`${opening}/>`);
      else {
        lines.push(
          `${opening}>`,
          `      <failure message="${escape(failure.message)}" type="failure">${
            escape(failure.text)
          }</failure>`,
          "    </testcase>",
        );
      }
    }
    lines.push("  </testsuite>");
  }
  lines.push("</testsuites>");
  return lines.join("\n") + "\n";
}

function totals(cases: readonly TestOutcome[]): string {
  const failures = cases.filter(({ failure }) => failure !== null).length;
  const time_ms = cases.reduce((sum, each) => sum + each.time_ms, 0);
  return `tests="${cases.length}" failures="${failures}" time="${seconds(time_ms)}"`;
}

const seconds = (time_ms: number) => (time_ms / 1000).toFixed(3);

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
  "\r": "&#13;",
  "\t": "&#9;",
};

/** XML 1.0 has no form at all for most control characters, nor for half of a surrogate pair. */
function escape(text: string): string {
  return text.toWellFormed()
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "\uFFFD")
    .replace(/[&<>"\n\r\t]/g, (character) => entities[character]!);
}
