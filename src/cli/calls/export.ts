/**
 * `export`: all rows of one read tool to a file or to standard output, in this process. Progress goes to
 * standard error.
 */

import { resolve } from "node:path";
import { refuseBrokenTool, withApplication } from "../../app.ts";
import type { Config } from "../../config.ts";
import { type ByteSink } from "../../export/format/model.ts";
import { type ExportFormat, exportFormats } from "../../export/format/format.ts";
import { bufferedSink, guardWrite, writeAll, writeWholeFile } from "../../export/format/file.ts";
import { didYouMean } from "../../query/diagnostic.ts";
import { localCaller } from "../../tool/caller.ts";
import { prepareExport, runExport } from "../../export/run.ts";
import { describeTool, findTool } from "./call.ts";
import { Interruption } from "../console/interruption.ts";
import { type CallSwitches, readArguments, splitWords, withJson } from "./call_arguments.ts";
import {
  formatCount,
  formatDuration,
  paintFor,
  print,
  showControls,
  tell,
  UsageError,
} from "../console/console.ts";
import { silentLog } from "../../log.ts";
import { withDatabase } from "../database.ts";
import { type ProjectOptions, readSettings } from "../environment.ts";

export interface ExportOptions extends ProjectOptions {
  format?: string | undefined;
  out?: string | undefined;
}

interface Wanted {
  format: ExportFormat;
  /** Null for standard output. */
  path: string | null;
}

/** @param words what stands after the tool's name @returns 130 after Ctrl-C */
export async function runExportCommand(
  name: string,
  words: readonly string[],
  options: ExportOptions,
): Promise<number> {
  const switches: CallSwitches = { sql: options.sql, json: false, help: false };
  const split = await withJson(splitWords(words, switches));
  // Behind the tool's name they stand among its parameters.
  const own = (option: "format" | "out"): string | undefined => {
    const found = split.pairs.findLast((pair) => pair.name === option);
    split.pairs = split.pairs.filter((pair) => pair.name !== option);
    if (found !== undefined && found.value === null) {
      throw new UsageError(`option "--${option}" needs a value`);
    }
    return found?.value ?? options[option];
  };
  const wanted: Wanted = { format: readFormat(own("format") ?? "csv"), path: pathOf(own("out") ?? "-") };
  const config = readSettings(switches);
  return await withDatabase(
    config,
    async ({ config }) =>
      // Other files may be broken: only the tool's own must be right.
      await withApplication(config, { log: silentLog, skipsBroken: true }, async (application) => {
        refuseBrokenTool(application.files, name);
        const tool = findTool(application.catalog(), name);
        if (switches.help) {
          print(describeTool(tool));
          return 0;
        }
        const prepared = prepareExport(application.catalog(), {
          tool: name,
          args: readArguments(tool, split, switches),
          format: wanted.format,
        }, localCaller);
        const started_ms = performance.now();
        using interruption = new Interruption();
        const progress = progressLine();
        try {
          const { rows, bytes } = await writeTo(wanted.path, (sink) =>
            runExport(application.pools.reader, prepared, sink, limitsOf(config), {
              signal: interruption.signal,
              progress: progress.show,
            }));
          progress.clear();
          const seconds = (performance.now() - started_ms) / 1000;
          const facts = [
            formatCount(rows, "row"),
            `${bytes.toLocaleString("en-US")} bytes`,
            `${Math.round(rows / seconds).toLocaleString("en-US")} rows/s`,
            formatDuration(seconds * 1000),
          ];
          tell(
            `${wanted.path === null ? "" : `${wanted.path}  `}${
              paintFor("stderr")("dim", facts.join(" · "))
            }`,
          );
          return 0;
        } catch (error) {
          progress.clear();
          if (interruption.signal.aborted) {
            tell(paintFor("stderr")("dim", "stopped: nothing was kept"));
            return 130;
          }
          // Whoever read our output has enough of it, as `head` does.
          if (error instanceof Deno.errors.BrokenPipe) return 0;
          throw error;
        }
      }),
  );
}

function readFormat(text: string): ExportFormat {
  const format = exportFormats.find((each) => each === text);
  if (format !== undefined) return format;
  throw new UsageError(
    `there is no format "${text}"`,
    didYouMean(text, exportFormats) ?? `Write ${exportFormats.join(", ")}`,
  );
}

const pathOf = (text: string) => text === "-" ? null : resolve(text);

function limitsOf(config: Config) {
  return { timeout_ms: config.SQLWRIGHT_EXPORT_TIMEOUT, bytes: config.SQLWRIGHT_EXPORT_BYTES };
}

async function writeTo<T>(path: string | null, produce: (sink: ByteSink) => Promise<T>): Promise<T> {
  if (path !== null) return await writeWholeFile(path, produce);
  const { sink, flush } = bufferedSink((bytes) =>
    guardWrite("standard output", () => writeAll(Deno.stdout, bytes))
  );
  const answer = await produce(sink);
  await flush();
  return answer;
}

const drawEvery_ms = 100;

/** One line that is drawn over, on a terminal only. */
function progressLine() {
  const isDrawn = Deno.stderr.isTerminal();
  const encoder = new TextEncoder();
  let drawn_ms = -Infinity;
  return {
    show: (_done: number, _total: number | null, message: string) => {
      if (!isDrawn || performance.now() - drawn_ms < drawEvery_ms) return;
      drawn_ms = performance.now();
      Deno.stderr.writeSync(encoder.encode(`\r\x1b[K${showControls(message)}`));
    },
    clear: () => {
      if (drawn_ms > 0) Deno.stderr.writeSync(encoder.encode("\r\x1b[K"));
    },
  };
}
