/**
 * The text of a filing's document for full-text search, in parts of a page or two that end where a paragraph
 * or sentence does. HTML becomes text by html-to-text (8 MB a second); what a reader does not see, such as
 * the header of inline XBRL, is left out, and a row of a table is a line.
 */

import { SqlwrightError } from "../errors.ts";
import type { TextParts, TextWork } from "./html_text.ts";
import type { FilingContext } from "../source/source_file.ts";
import type { LoadStep, Row } from "./load_step.ts";
import { isBlockPage, sourceBlocked, sourceInvalid } from "../source/source_error.ts";
import { inBatches } from "../source/source_field.ts";
import type { XmlPlace } from "../source/source_xml.ts";

const columns = ["accession", "cik", "file_name", "part", "body"] as const;
/** Parts in a batch: with 8,000 characters each, as much as a batch of other rows. */
const batchParts = 50;
/** Shorter HTML becomes text here, in less time than a worker needs to start: some 10 ms. */
const longHtml = 64 * 1024;
/** A document of the largest size takes about 10 s. */
const workTimeout_ms = 120_000;

/** The document's parts, from 1. A document without text brings nothing. */
export async function* parseDocument(
  text: string,
  place: XmlPlace,
  { filing, file_name, batch_rows }: { filing: FilingContext; file_name: string; batch_rows: number },
): AsyncGenerator<LoadStep> {
  const { path, member } = place;
  const { accession, cik } = filing;
  if (accession === undefined || cik === undefined) {
    throw sourceInvalid(path, "the path does not name the filing and its company", { member });
  }
  if (isBlockPage(text)) throw sourceBlocked(path);
  const isHtml = /<html[\s>]/i.test(text.slice(0, 16_384));
  // What a broken connection cut off must not pass as the whole.
  if (isHtml && !/<\/html\s*>/i.test(text.slice(-16_384))) {
    throw sourceInvalid(path, "the document ends before its </html>", { member, byte: text.length });
  }
  const isMarkedUp = isHtml || /<(?:p|div|body|br|tr|td)[\s/>]/i.test(text);
  const found = isMarkedUp && text.length >= longHtml
    ? await partsInWorker(text, place) ?? await partsHere(text, isMarkedUp)
    : await partsHere(text, isMarkedUp);
  if ("deepLine" in found) {
    throw sourceInvalid(path, `elements are nested more than ${found.maximumDepth} deep`, {
      member,
      line: found.deepLine,
    });
  }
  const rows = found.parts.map((body, index): Row => [accession, cik, file_name, String(index + 1), body]);
  if (rows.length > 0) {
    yield { query: "load_documents", columns, batches: inBatches(rows, Math.min(batch_rows, batchParts)) };
  }
}

async function partsHere(text: string, isMarkedUp: boolean): Promise<TextParts> {
  const { htmlToParts, splitText, tidy } = await import("./html_text.ts");
  return isMarkedUp ? htmlToParts(text) : { parts: splitText(tidy(withoutLayoutTags(text))) };
}

/**
 * The parts of HTML from another thread, so that this one goes on answering others. Null where the
 * permissions do not let a worker read the module that it runs: then the caller does the work itself.
 */
async function partsInWorker(html: string, { path }: XmlPlace): Promise<TextParts | null> {
  const module = new URL("./html_text.ts", import.meta.url);
  const readable = await Deno.permissions.query({ name: "read", path: module });
  if (readable.state !== "granted") return null;
  const worker = new Worker(module, { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<TextParts>();
  const fail = (why: string) =>
    reject(
      new SqlwrightError("edgar.load_failed", `Cannot turn the HTML of "${path}" into text: ${why}`, {
        details: { path },
        hint: "Load the file again; if it fails again, report it",
      }),
    );
  const timer = setTimeout(() => fail(`it took longer than ${workTimeout_ms / 1000} s`), workTimeout_ms);
  worker.addEventListener("message", ({ data }: MessageEvent<TextParts>) => resolve(data));
  worker.addEventListener("messageerror", () => fail("its text was lost between two threads"));
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    fail(event.message);
  });
  try {
    worker.postMessage({ html } satisfies TextWork);
    return await promise;
  } finally {
    clearTimeout(timer);
    worker.terminate();
  }
}

/** A document of the years before HTML: its layout stays, SEC's own marks of pages and tables go. */
function withoutLayoutTags(text: string): string {
  return text.replace(
    /^<(?:PAGE|TABLE|\/TABLE|CAPTION|S|C|FN|F\d+)>.*$/gim,
    (line) => /^<(?:PAGE|S|C|\/TABLE|TABLE)>/i.test(line) ? "" : line.replace(/<[^>]*>/g, ""),
  );
}
