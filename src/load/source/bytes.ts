/**
 * Bytes on their way, as everything that reads them needs it: joined, held whole up to a limit, awaited for a
 * bounded time. Imports nothing, because the server's first request reads a body too.
 */

/** At most so many bytes go from hand to hand at once. */
export const chunkBytes = 256 * 1024;

/** Two chunks as one, copied only where both have bytes. */
export function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  return first.length === 0 ? second : joinAll([first, second], first.length + second.length);
}

/** All bytes of a stream; null as soon as there are more than `maximumBytes`. The rest is not read then. */
export async function readBounded(
  source: AsyncIterable<Uint8Array>,
  maximumBytes: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > maximumBytes) return null;
    chunks.push(chunk);
  }
  return joinAll(chunks, size);
}

/**
 * The chunks that come until there are `length` bytes, or the stream ends. What follows is left in the
 * stream.
 */
export async function readStart(
  read: () => Promise<Uint8Array | null>,
  length: number,
): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for (let size = 0; size < length;) {
    const chunk = await read();
    if (chunk === null) break;
    size += chunk.length;
    chunks.push(chunk);
  }
  return chunks;
}

/** A stream whose first bytes have been looked at. */
export interface Peeked {
  /** Four bytes or more, fewer only where the stream has fewer. */
  first: Uint8Array;
  /** All bytes, the first ones included. Its `return` ends the stream also before anything was read. */
  bytes: AsyncGenerator<Uint8Array>;
}

export async function peek(source: AsyncIterable<Uint8Array>): Promise<Peeked> {
  const iterator = source[Symbol.asyncIterator]();
  const read = async () => {
    const { value, done } = await iterator.next();
    return done ? null : value;
  };
  const seen = await readStart(read, 4);
  const first = joinAll(seen, seen.reduce((size, chunk) => size + chunk.length, 0));
  let isReturned = false;
  const release = async () => {
    if (!isReturned) await iterator.return?.();
    isReturned = true;
  };
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield* seen;
      seen.length = 0;
      for (let chunk = await read(); chunk !== null; chunk = await read()) yield chunk;
    } finally {
      await release();
    }
  }
  const bytes = all();
  const end = bytes.return.bind(bytes);
  // A generator that has not begun would not come to its `finally`.
  bytes.return = async (value) => {
    await release();
    return await end(value);
  };
  return { first, bytes };
}

/** Some bytes of an array as chunks, so that what counts them sees how far their reader is. */
export async function* chunksOf(
  bytes: Uint8Array,
  offset = 0,
  length = bytes.length - offset,
): AsyncGenerator<Uint8Array> {
  const end = Math.min(bytes.length, offset + length);
  for (let at = offset; at < end; at += chunkBytes) {
    yield await Promise.resolve(bytes.subarray(at, Math.min(at + chunkBytes, end)));
  }
}

/** The same bytes; `count` gets the length of each chunk as it goes by. */
export async function* counted(
  source: AsyncIterable<Uint8Array>,
  count: (length: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    count(chunk.length);
    yield chunk;
  }
}

export interface WaitLimits {
  /** How long each chunk may take. */
  stall_ms: number;
  signal: AbortSignal;
  /** The error to throw when nothing came for `stall_ms`. */
  onStall: () => Error;
  /** The error to throw for what the stream itself fails with. */
  onBroken: (cause: unknown) => Error;
}

/** The next chunk of a body, null at its end. Rejects with the signal's reason as soon as it is aborted. */
export async function readWithin(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { stall_ms, signal, onStall, onBroken }: WaitLimits,
): Promise<Uint8Array | null> {
  signal.throwIfAborted();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  // What it does may break the body before this is seen.
  let stall: Error | null = null;
  const timer = setTimeout(() => reject(stall = onStall()), stall_ms);
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const { done, value } = await Promise.race([reader.read(), ended]);
    return done ? null : value;
  } catch (error) {
    signal.throwIfAborted();
    throw stall ?? onBroken(error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

/**
 * The chunks of a body, each awaited within the limits. A body that is left early is cancelled, which nobody
 * waits for.
 */
export async function* chunksWithin(
  body: ReadableStream<Uint8Array>,
  limits: WaitLimits,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const chunk = await readWithin(reader, limits);
      if (chunk === null) return;
      yield chunk;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Chunks of a known size together as one; a single chunk is given back as it is. */
function joinAll(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const [only] = chunks;
  if (chunks.length === 1) return only as Uint8Array<ArrayBuffer>;
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
