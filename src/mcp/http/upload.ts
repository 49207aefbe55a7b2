/**
 * `/uploads`: where clients put the files that a load then names as `upload:<handle>`. The bytes go to the
 * store as they come; the guards of http.ts have passed before.
 */
import { errorReport, SqlwrightError } from "../../errors.ts";
import { chunksOf, chunksWithin } from "../../load/source/bytes.ts";
import type { Upload, UploadStore } from "../../load/source/upload.ts";
import type { Log } from "../../log.ts";
import { abortReason, type RunningCalls } from "../call.ts";
import { jsonResponse } from "../json_response.ts";

export interface UploadRouteOptions {
  uploads: UploadStore;
  /** Whose uploads these are: the subject of the token, null without tokens. */
  owner: string | null;
  /** A stop waits for uploads as it does for calls, and then aborts them. */
  running: RunningCalls;
  log: Log;
  /** How long no byte of a body may come. */
  bodyTimeout_ms: number;
}

export const isUploadPath = (path: string): boolean => path === "/uploads" || path.startsWith("/uploads/");

/** Never rejects: errors are answered. */
export async function answerUpload(
  request: Request,
  path: string,
  options: UploadRouteOptions,
): Promise<Response> {
  const handle = path.slice("/uploads/".length);
  try {
    switch (request.method) {
      case "PUT":
        return handle === "" ? await put(request, options) : notAllowed("DELETE, GET, HEAD");
      case "GET":
      case "HEAD": {
        if (handle === "") return notAllowed("PUT");
        const upload = await options.uploads.find(handle, options.owner);
        return upload === null ? unknownUpload() : jsonResponse(JSON.stringify(upload));
      }
      case "DELETE":
        if (handle === "") return notAllowed("PUT");
        return await options.uploads.remove(handle, options.owner)
          ? new Response(null, { status: 204 })
          : unknownUpload();
      default:
        return notAllowed(handle === "" ? "PUT" : "DELETE, GET, HEAD");
    }
  } catch (error) {
    const status = statusOf(error);
    options.log[status === 500 ? "error" : "info"]("upload.failed", { error });
    // What is left of the body is not read: the connection is of no use any more.
    return jsonResponse(JSON.stringify({ error: errorReport(error) }), status, { connection: "close" });
  }
}

async function put(request: Request, options: UploadRouteOptions): Promise<Response> {
  const { uploads, owner, running, log } = options;
  const encoding = request.headers.get("content-encoding");
  if (encoding !== null && encoding !== "identity") {
    return refuse(
      415,
      "Uploads are kept as they come: leave content-encoding out, compressed files may be put",
    );
  }
  const name = nameOf(request);
  if (name === null) {
    return refuse(400, "An upload needs a name of up to 255 characters: PUT /uploads?name=facts.csv.gz");
  }
  const announced = request.headers.get("content-length");
  const controller = running.start();
  try {
    const upload: Upload = await uploads.put({
      owner,
      name,
      body: bodyOf(request, name, controller, options),
      size: announced === null ? null : Number(announced),
      signal: controller.signal,
    });
    log.info("upload.kept", { name, size: upload.size, expires_at: upload.expires_at });
    return jsonResponse(JSON.stringify(upload), 201, { location: `/uploads/${upload.handle.slice(7)}` });
  } finally {
    running.finish(controller);
  }
}

/** The body's bytes. Each wait is bounded, and a stop of the server ends it. */
function bodyOf(
  request: Request,
  name: string,
  { signal }: AbortController,
  { bodyTimeout_ms }: UploadRouteOptions,
): AsyncIterable<Uint8Array> {
  return request.body === null ? chunksOf(new Uint8Array()) : chunksWithin(request.body, {
    stall_ms: bodyTimeout_ms,
    signal,
    onStall: () => slowBody(name, bodyTimeout_ms),
    onBroken: () => abortReason("disconnected"),
  });
}

function slowBody(name: string, bodyTimeout_ms: number): SqlwrightError {
  return new SqlwrightError(
    "load.upload_refused",
    `Cannot keep "${name}": no byte came for ${bodyTimeout_ms} ms`,
    { details: { waited_ms: bodyTimeout_ms }, hint: "Upload again over a better connection" },
  );
}

/**
 * The last part of the name in the query or in Content-Disposition; null when there is none that can be kept.
 */
function nameOf(request: Request): string | null {
  const name = URL.parse(request.url)?.searchParams.get("name") ??
    dispositionName(request.headers.get("content-disposition") ?? "");
  const last = name?.split(/[\\/]/).at(-1)?.trim() ?? "";
  return last === "" || last === "." || last === ".." || [...last].length > 255 || /\p{Cc}/u.test(last)
    ? null
    : last;
}

/** RFC 6266: `filename*=UTF-8''…` goes before `filename="…"`. */
function dispositionName(header: string): string | null {
  const encoded = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(header)?.[1];
  if (encoded !== undefined) {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return null;
    }
  }
  const [, quoted, bare] = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(header) ?? [];
  return quoted?.replace(/\\(.)/g, "$1") ?? bare ?? null;
}

function statusOf(error: unknown): number {
  if (!(error instanceof SqlwrightError)) return 500;
  switch (error.code) {
    case "load.upload_too_large":
      return 413;
    case "load.upload_refused":
      return "waited_ms" in error.details ? 408 : "space" in error.details ? 507 : 503;
    case "call.busy":
    case "call.cancelled":
    case "database.lost":
    case "database.unreachable":
      return 503;
    default:
      return 500;
  }
}

const refuse = (status: number, message: string) =>
  jsonResponse(JSON.stringify({ error: message }), status, { connection: "close" });

const unknownUpload = () => jsonResponse(`{"error":"There is no such upload, or no more"}`, 404);

const notAllowed = (allow: string) =>
  jsonResponse(JSON.stringify({ error: `Method Not Allowed: ${allow}` }), 405, {
    allow,
    connection: "close",
  });
