/** The bytes of an answer's body: each awaited for a bounded time, and where they end too early, the byte. */

import { chunksWithin } from "sqlwright";
import { SqlwrightError } from "../errors.ts";
import { AttemptError } from "./refusal.ts";

/**
 * The bytes of a body, each awaited no longer than `stall_ms`. @throws {AttemptError} where it ends too early
 */
export async function* readChunks(
  response: Response,
  { path, stall_ms, signal, offset = 0 }: {
    path: string;
    stall_ms: number;
    signal: AbortSignal;
    /** Bytes that are there already. */
    offset?: number;
  },
): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  let received = offset;
  const chunks = chunksWithin(response.body, {
    stall_ms,
    signal,
    onStall: () => stall(path, stall_ms, received),
    onBroken: (cause) => incomplete(path, received, reasonOf(cause), cause),
  });
  for await (const chunk of chunks) {
    received += chunk.length;
    yield chunk;
  }
}

export function stall(path: string, stall_ms: number, received?: number): AttemptError {
  const place = received === undefined ? "no answer came" : `nothing came after byte ${received}`;
  return new AttemptError(
    "retry",
    new SqlwrightError("edgar.unreachable", `Cannot get "${path}": ${place} for ${stall_ms} ms`, {
      details: { path, ...(received === undefined ? {} : { byte: received }) },
      hint: "Try again later; what is loaded stays, and the next run goes on from here",
    }),
  );
}

export function incomplete(path: string, received: number, why: string, cause?: unknown): AttemptError {
  return new AttemptError(
    "retry",
    new SqlwrightError("edgar.incomplete", `Cannot get "${path}": it ended at byte ${received}: ${why}`, {
      details: { path, byte: received },
      hint: "Nothing of it was loaded; the next run asks for it again",
      cause,
    }),
  );
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
