/**
 * `GET /exports/<token>`: the export that a link stands for, streamed as the database gives it. The answer
 * begins when the first bytes are there, so what fails before is an error of its own; what fails later breaks
 * the connection, because a body that ends well says that it is whole. A client that goes away cancels the
 * statement.
 */

import { type ErrorReport, errorReport, SqlwrightError } from "../../errors.ts";
import { encodingFor, withCompression } from "../../export/format/compress.ts";
import type { ByteSink } from "../../export/format/model.ts";
import { contentTypes } from "../../export/format/format.ts";
import { localCaller } from "../../tool/caller.ts";
import { type Exported, type ExportLimits, prepareExport, runExport } from "../../export/run.ts";
import { abortReason, type RunningCalls } from "../call.ts";
import { readLink } from "../../export/link.ts";
import { exportFileName } from "../../export/tool.ts";
import type { ProgramHost } from "../../tool/program_tool.ts";

export interface DownloadOptions {
  host: Pick<ProgramHost, "catalog" | "pools" | "secret" | "log">;
  limits: ExportLimits;
  /** Downloads at the same time; each holds a connection of the readers. */
  maximum: number;
}

/**
 * What answers `GET /exports/<token>`. A stop of the server waits for downloads as for calls, and then ends
 * them.
 */
export function downloaderOf({ host, limits, maximum }: DownloadOptions) {
  let running = 0;
  return async (request: Request, token: string, calls: RunningCalls): Promise<Response> => {
    if (request.method !== "GET") {
      await request.body?.cancel();
      return errorAnswer(405, {
        code: "export.refused",
        message: "Cannot export: use GET",
        details: {},
        hint: null,
      }, { allow: "GET" });
    }
    if (running >= maximum) {
      const error = new SqlwrightError("call.busy", `Cannot export now: ${maximum} exports are running`, {
        details: { running: maximum },
        hint: "Try again in a moment",
      });
      return errorAnswer(503, errorReport(error), { "retry-after": "5" });
    }
    running++;
    const end = calls.start();
    const started_ms = performance.now();
    const correlationId = crypto.randomUUID();
    const finish = (name: string, outcome: Partial<Exported> & { error?: unknown }) => {
      running--;
      calls.finish(end);
      const fields = {
        tool: name,
        correlation_id: correlationId,
        ...(subject === null ? {} : { caller: subject }),
        ms: Math.round(performance.now() - started_ms),
      };
      if (outcome.error === undefined) host.log.info("export.done", { ...fields, ...outcome });
      else host.log.warn("export.failed", { ...fields, ...failureOf(outcome.error) });
    };
    let name = "";
    let subject: string | null = null;
    try {
      const wanted = readLink(token, host.secret);
      name = wanted.tool;
      subject = wanted.subject ?? null;
      // The link is the authority: whoever it was made for was allowed to, and may give it away.
      const prepared = prepareExport(host.catalog(), wanted, localCaller);
      // Parquet is compressed already.
      const encoding = wanted.format === "parquet"
        ? null
        : encodingFor(request.headers.get("accept-encoding"));
      const stream = await openStream(
        async (sink, signal) => {
          const run = (sink: ByteSink) =>
            runExport(host.pools.reader, prepared, sink, limits, { signal, progress: () => {} });
          return encoding === null ? await run(sink) : await withCompression(encoding, sink, run);
        },
        (outcome) => finish(name, outcome),
        end,
      );
      return new Response(stream, {
        headers: {
          "content-type": contentTypes[wanted.format],
          ...(encoding === null ? {} : { "content-encoding": encoding }),
          vary: "accept-encoding",
          "content-disposition": `attachment; filename="${exportFileName(wanted)}"`,
          // What a link shows is not for caches, and not for what a browser would guess it to be.
          "cache-control": "private, no-store",
          "x-content-type-options": "nosniff",
        },
      });
    } catch (error) {
      finish(name, { error });
      const report = errorReport(error);
      return errorAnswer(statusOf(report.code), report);
    }
  };
}

type Produce = (sink: ByteSink, signal: AbortSignal) => Promise<Exported>;

/**
 * The bytes of an export as a stream that is pulled. Rejects when it fails before its first bytes; then
 * `settle` is not called, else once, at the end.
 */
async function openStream(
  produce: Produce,
  settle: (outcome: Partial<Exported> & { error?: unknown }) => void,
  end: AbortController,
): Promise<ReadableStream<Uint8Array>> {
  let release: (() => void) | null = null;
  let isGone = false;
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const first = Promise.withResolvers<void>();
  const stream = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given;
    },
    pull: () => {
      release?.();
      release = null;
    },
    cancel: () => {
      isGone = true;
      end.abort(abortReason("disconnected"));
    },
  }, new ByteLengthQueuingStrategy({ highWaterMark: queueBytes }));
  const sink: ByteSink = async (bytes) => {
    end.signal.throwIfAborted();
    controller.enqueue(bytes);
    first.resolve();
    if ((controller.desiredSize ?? 0) > 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    release = resolve;
    await promise;
    end.signal.throwIfAborted();
  };
  end.signal.addEventListener("abort", () => release?.(), { once: true });
  let isOpen = false;
  const produced = produce(sink, end.signal).then(
    (exported) => {
      controller.close();
      settle(exported);
    },
    (error) => {
      if (!isOpen) throw error;
      // Deno prints what a body ends with: the log has the error with its fields.
      if (!isGone) controller.error("An export broke off: see export.failed in the log");
      settle({ error });
    },
  );
  await Promise.race([first.promise, produced]);
  isOpen = true;
  return stream;
}

const queueBytes = 256 * 1024;

function failureOf(error: unknown): Record<string, unknown> {
  return error instanceof SqlwrightError ? { ...errorReport(error) } : { error };
}

function errorAnswer(status: number, error: ErrorReport, headers: Record<string, string> = {}): Response {
  return Response.json({ error }, { status, headers: { "cache-control": "no-store", ...headers } });
}

function statusOf(code: string): number {
  switch (code) {
    case "export.link_invalid":
    case "tool.unknown":
      return 404;
    case "export.link_expired":
      return 410;
    case "argument.invalid":
    case "argument.unknown":
    case "export.refused":
      return 400;
    case "call.busy":
    case "database.lost":
    case "database.unreachable":
      return 503;
    case "call.timeout":
      return 504;
    default:
      return 500;
  }
}
