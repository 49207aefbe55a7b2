/**
 * One HTTP exchange: reading a body within limits, and answering a tool call so that a client that goes away
 * aborts it.
 */
import { readBounded } from "../../load/source/bytes.ts";
import { abortReason, RunningCalls } from "../call.ts";
import { type CallChannel, type RequestedCall } from "../model.ts";
import type { Caller } from "../../tool/caller.ts";
import { errorCode } from "../message.ts";
import { errorResponse, jsonHeaders, jsonResponse } from "../json_response.ts";

export interface BodyLimits {
  maxBodyBytes: number;
  bodyTimeout_ms: number;
}

/**
 * Reads bodies within limits of size and time. One interval watches all of them: a timer for each would cost
 * as much as its JSON.
 */
export class BodyReader {
  readonly #limits: BodyLimits;
  readonly #pending = new Set<{ since_ms: number; expire: () => void }>();
  readonly #watch: ReturnType<typeof setInterval>;

  constructor(limits: BodyLimits) {
    this.#limits = limits;
    this.#watch = setInterval(() => this.#expire(), Math.min(limits.bodyTimeout_ms / 2, 1000));
  }

  /** The body's text; a response that refuses it when it is too large, too slow or not UTF-8. */
  async read(request: Request): Promise<string | Response> {
    const { maxBodyBytes, bodyTimeout_ms } = this.#limits;
    const tooLarge = () =>
      errorResponse(
        413,
        errorCode.refused,
        `Payload Too Large: a request body may have ${maxBodyBytes} bytes`,
      );
    const declared = request.headers.get("content-length");
    if (declared !== null && Number(declared) > maxBodyBytes) return tooLarge();
    try {
      // Without a declared length, and without a body for HEAD and the like.
      const reading = declared !== null || request.body === null
        ? request.bytes()
        : readBounded(request.body, maxBodyBytes);
      const bytes = await this.#inTime(reading);
      if (bytes === "late") {
        return errorResponse(
          408,
          errorCode.refused,
          `Request Timeout: no whole body within ${bodyTimeout_ms} ms`,
        );
      }
      return bytes === null ? tooLarge() : utf8.decode(bytes);
    } catch {
      return errorResponse(400, errorCode.parse, "Parse error: the body could not be read as UTF-8 text");
    }
  }

  close(): void {
    clearInterval(this.#watch);
  }

  #inTime<Value>(reading: Promise<Value>): Promise<Value | "late"> {
    return new Promise((resolve, reject) => {
      const entry = { since_ms: performance.now(), expire: () => resolve("late") };
      this.#pending.add(entry);
      reading.then(resolve, reject).finally(() => this.#pending.delete(entry));
    });
  }

  #expire(): void {
    const oldest_ms = performance.now() - this.#limits.bodyTimeout_ms;
    for (const entry of this.#pending) if (entry.since_ms < oldest_ms) entry.expire();
  }
}

export interface CallExchange {
  call: RequestedCall;
  caller: Caller;
  /** Called with the call's controller as it starts; what it returns is called when the call is over. */
  register: (controller: AbortController) => () => void;
  /** Resolves with the answer as JSON-RPC text; never rejects. */
  answer: (channel: CallChannel) => Promise<string>;
}

/**
 * Runs calls and answers them over HTTP.
 *
 * A call that is done soon is answered with one JSON body. For one that takes longer the response is opened
 * before the answer is there, because Deno.serve notices a client that has gone only while it writes a
 * response: before, `request.signal` stays silent whenever the request came in more than one packet. The
 * opened response is JSON, or an event stream where the client asked for progress. A cancelled call has no
 * answer: its response ends empty.
 */
export class CallExchanger {
  readonly running = new RunningCalls();
  /** Responses that are not open yet, oldest first. */
  readonly #closed = new Set<{ since_ms: number; open: () => void }>();
  #ticker: ReturnType<typeof setInterval> | null = null;

  run({ call, caller, register, answer }: CallExchange): Promise<Response> {
    const { promise, resolve } = Promise.withResolvers<Response>();
    const controller = this.running.start();
    const { signal } = controller;
    const unregister = register(controller);
    const wantsEvents = call.progressToken !== null;
    let stream: ReadableStreamDefaultController<Uint8Array> | null = null;

    const open = () => {
      if (!this.#closed.delete(response)) return;
      const body = new ReadableStream<Uint8Array>({
        start: (opened) => void (stream = opened),
        cancel: () => controller.abort(abortReason("disconnected")),
      }, { highWaterMark: maxUnreadEvents });
      resolve(new Response(body, { headers: wantsEvents ? eventHeaders : jsonHeaders }));
    };
    const notify = (text: string) => {
      open();
      // A client that does not read loses progress, never the answer.
      if (!signal.aborted && (stream?.desiredSize ?? 0) > 0) stream?.enqueue(eventBytes(text));
    };
    const response = { since_ms: performance.now(), open };
    this.#watch(response);

    answer({ caller, signal, notify }).then((text) => {
      this.#closed.delete(response);
      unregister();
      this.running.finish(controller);
      if (stream === null) resolve(signal.aborted ? new Response(null, { status: 202 }) : jsonResponse(text));
      else closeStream(stream, signal.aborted ? null : wantsEvents ? eventBytes(text) : encoder.encode(text));
    });
    return promise;
  }

  /**
   * One interval for all calls, and none while nothing runs: a timer for each call would cost more than its
   * JSON.
   */
  #watch(response: { since_ms: number; open: () => void }): void {
    this.#closed.add(response);
    this.#ticker ??= setInterval(() => this.#openSlow(), tick_ms);
  }

  #openSlow(): void {
    const oldest_ms = performance.now() - openAfter_ms;
    for (const response of this.#closed) {
      if (response.since_ms > oldest_ms) return;
      response.open();
    }
    if (this.#ticker !== null && this.#closed.size === 0) {
      clearInterval(this.#ticker);
      this.#ticker = null;
    }
  }
}

/**
 * A disconnect within this time is noticed when it is over; no statement may outlive its client by more than
 * 50 ms.
 */
const openAfter_ms = 15;
const tick_ms = 5;
const maxUnreadEvents = 1024;
const eventHeaders = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};
const encoder = new TextEncoder();
const utf8 = new TextDecoder("utf-8", { fatal: true });

function closeStream(stream: ReadableStreamDefaultController<Uint8Array>, last: Uint8Array | null): void {
  try {
    if (last !== null) stream.enqueue(last);
    stream.close();
  } catch {
    // The client has closed the stream itself: there is nobody to tell.
  }
}

function eventBytes(text: string): Uint8Array {
  return encoder.encode(`event: message\ndata: ${text}\n\n`);
}
