/**
 * Brotli and gzip between a writer and its sink, for what travels: at the speed of a network and not of an
 * archive.
 */

import { once } from "node:events";
import { constants, createBrotliCompress, createGzip } from "node:zlib";
import type { ByteSink } from "./model.ts";

export type Encoding = "br" | "gzip";

/** What a client takes, by its Accept-Encoding; null for the bytes as they are. */
export function encodingFor(accepted: string | null): Encoding | null {
  const taken = new Set(
    (accepted ?? "").split(",").map((part) => part.trim().toLowerCase().split(/\s*;\s*/)).filter(
      ([, weight]) => weight === undefined || !/^q=0(\.0*)?$/.test(weight),
    ).map(([name]) => name),
  );
  return taken.has("br") ? "br" : taken.has("gzip") ? "gzip" : null;
}

/** Runs what writes with a sink that compresses; everything has reached the outer sink when this resolves. */
export async function withCompression<T>(
  encoding: Encoding,
  sink: ByteSink,
  produce: (sink: ByteSink) => Promise<T>,
): Promise<T> {
  const stream = encoding === "br"
    ? createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 4 } })
    : createGzip();
  const pumping = (async () => {
    for await (const chunk of stream) await sink(chunk as Uint8Array);
  })();
  // Whoever writes next hears of it.
  let failure: { error: unknown } | null = null;
  pumping.catch((error) => failure = { error });
  try {
    const answer = await produce(async (bytes) => {
      if (failure !== null) throw failure.error;
      if (!stream.write(bytes)) await Promise.race([once(stream, "drain"), pumping]);
    });
    stream.end();
    await pumping;
    return answer;
  } catch (error) {
    stream.destroy();
    throw error;
  }
}
