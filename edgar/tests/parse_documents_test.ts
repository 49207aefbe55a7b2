/** Documents as text: what a reader sees of HTML, in parts for search, without holding the thread. */

import assert from "node:assert/strict";
import { htmlToText, splitText } from "../src/parse/html_text.ts";
import { project, withFiles } from "../../tests/harness.ts";
import {
  parseBytes,
  parseFile,
  payloads,
  readExcerpt,
  refusal,
  rowsFor,
  testOnPayloads,
} from "./source_files.ts";

const data = "Archives/edgar/data";
const report = `${data}/320193/0001193125-19-292676.txt`;
const annual = `${data}/320193/000032019324000123/aapl-20240928.htm`;

Deno.test("tables become lines of cells, signs go to their numbers, what is hidden is left out", () => {
  const html =
    `<html><head><title>no</title></head><body><div style="display:none"><ix:header><ix:hidden>no</ix:hidden></ix:header></div>
    <ix:header>no</ix:header><style>no {}</style><script>no()</script><p STYLE="color:red;DISPLAY: NONE">no</p>
    <p>Net&nbsp;sales &#8217;24 &amp; &lt;more&gt;</p>
    <table><tr><td>Products</td><td>$</td><td>294,866</td><td></td><td>$</td><td>298,085</td></tr>
    <tr><td>Other, net</td><td>(565</td><td>)</td><td>12</td><td>%</td></tr></table>
    <table><tr><td><div>A layout</div><div>of two lines</div></td></tr></table></body></html>`;
  assert.equal(
    htmlToText(html),
    "Net sales \u201924 & <more>\n\nProducts | $294,866 | $298,085\nOther, net | (565) | 12%\n\nA layout\nof two lines",
  );
});

Deno.test("parts end after a paragraph, else a sentence, else a word, and lose nothing", () => {
  const sentence = "All of this is one sentence of some length. ";
  const text = [sentence.repeat(3).trim(), sentence.repeat(8).trim(), "x".repeat(450), "The end."].join(
    "\n\n",
  );
  const parts = splitText(text, 200);
  assert.ok(parts.every((part) => part.length <= 200 && part.length > 0));
  assert.equal(parts.join("").replace(/\s/g, ""), text.replace(/\s/g, ""));
  assert.equal(parts[0], sentence.repeat(3).trim());
  assert.ok(parts[1]!.endsWith("length."));
  const pairs = splitText("\u{1F600}".repeat(300), 201);
  assert.ok(pairs.every((part) => part.isWellFormed()));
  assert.deepEqual(splitText("\n \n"), []);
});

Deno.test("a document that is cut, nested without end or SEC's refusal is not taken for text", async () => {
  const text = /<html[\s\S]*<\/html>/.exec(await readExcerpt(report))![0];
  assert.ok(rowsFor(await parseBytes(annual, text), "load_documents").length > 0);
  assert.match((await refusal(annual, text.slice(0, -200))).message, /the document ends before its <\/html>/);
  const deep = text.replace("</body>", `${"<div>".repeat(100_000)}</body>`);
  assert.match((await refusal(annual, deep)).message, /elements are nested more than 500 deep/);
  const fonts = text.replace("</body>", `${"<font size=2><b>unclosed ".repeat(50_000)}</body>`);
  assert.ok(rowsFor(await parseBytes(annual, fonts), "load_documents").length > 50);
  assert.match(
    (await refusal(annual, text, { limits: { document_bytes: 1_000 } })).message,
    /it has more than 1000 bytes/,
  );
});

Deno.test("a document of the years before HTML keeps its lines and loses SEC's marks", async () => {
  const text =
    "<PAGE>   1\n<TABLE>\n<CAPTION>Sales\n<S>     <C>\nNet sales      11,062\n</TABLE>\nAll rights reserved.";
  const [row] = rowsFor(await parseBytes(annual, text), "load_documents");
  assert.equal(row!.body, "Sales\n\nNet sales      11,062\n\nAll rights reserved.");
});

Deno.test("long HTML becomes text in another thread: the same parts, and this one goes on meanwhile", async () => {
  const paragraph =
    "<p>Net sales of the segment were <b>391,035</b> million, more than the year before.</p>\n";
  const html = `<html><body>${paragraph.repeat(20_000)}</body></html>`;
  let turns = 0;
  const timer = setInterval(() => void turns++, 1);
  const parts = rowsFor(await parseBytes(annual, html), "load_documents").map(({ body }) => body);
  clearInterval(timer);
  assert.deepEqual(parts, splitText(htmlToText(html)));
  // On the same thread the work, some 200 ms of it, is one turn.
  assert.ok(turns > 10, `${turns} turns`);
  const deep = await refusal(annual, `<html><body>${"<div>\n".repeat(20_000)}</body></html>`);
  assert.match(deep.message, /nested more than 500 deep \(line (?:499|50\d)\)/);
});

Deno.test("without the permission to read the worker's module long HTML becomes text all the same", async () => {
  const script = `
    const { parseSourceFile } = await import("${project}edgar/src/parse/parse.ts");
    const bytes = new TextEncoder().encode("<html><body>" + "<p>Net sales grew.</p>".repeat(10_000) + "</body></html>");
    let rows = 0;
    const file = { path: "${annual}", bytes: new Blob([bytes]).stream() };
    for await (const { batches } of parseSourceFile(file)) for (const batch of batches) rows += batch.length;
    console.log(rows);`;
  await withFiles({ "parse.ts": script }, async (folder) => {
    const run = async (...read: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--no-prompt",
          "--cached-only",
          "--config",
          `${project}edgar/deno.json`,
          ...read,
          `${folder}/parse.ts`,
        ],
        stdout: "piped",
        stderr: "piped",
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      return Number(new TextDecoder().decode(stdout));
    };
    const [permitted, denied] = await Promise.all([run(`--allow-read=${project}edgar/src`), run()]);
    assert.ok(permitted > 10);
    assert.equal(denied, permitted);
  });
});

testOnPayloads("Apple's annual report becomes parts that a reader understands", async () => {
  const parts = rowsFor(await parseFile(payloads, annual), "load_documents");
  assert.ok(parts.every(({ body }) => body!.length <= 8_000));
  assert.deepEqual(parts.map(({ part }) => part), parts.map((_, index) => String(index + 1)));
  assert.deepEqual([parts[0]!.accession, parts[0]!.file_name], ["0000320193-24-000123", "aapl-20240928.htm"]);
  const text = parts.map(({ body }) => body).join("\n\n");
  assert.match(text, /\nTotal net sales \| 391,035 \| 383,285 \| 394,328\n/);
  assert.match(text, /\nNet income \| \$93,736 \| \$96,995 \| \$99,803\n/);
  assert.match(text, /Other income\/\(expense\), net \| 269 \| \(565\) \| \(334\)/);
  assert.match(text, /Registrant\u2019s telephone number/);
  assert.doesNotMatch(text, /us-gaap:|xbrli|contextRef|&#\d|http:\/\/fasb/);
});
