/**
 * From the bytes of a file to its content: gzip and zip are recognised by their first bytes, and decompressed
 * as a stream by `decode.ts`.
 */

import { peek } from "./bytes.ts";
import { compressionOf, Counter, Decoding, gunzip, limited, unzip } from "./decode.ts";
import { corruptSource, refusedSource } from "./errors.ts";
import type { OpenedSource, SourceOptions } from "./model.ts";
import type { RawSource } from "./raw_source.ts";
import { findMember } from "./zip.ts";

/** Takes over the raw source: it is closed when this rejects, and by the answer's `close`. */
export async function openCompressed(raw: RawSource, options: SourceOptions): Promise<OpenedSource> {
  try {
    return await open(raw, options);
  } catch (error) {
    await raw.close();
    throw error;
  }
}

async function open(raw: RawSource, options: SourceOptions): Promise<OpenedSource> {
  const counter = new Counter();
  const decoding = new Decoding();
  // In this order: what waits for bytes ends with the source.
  const close = async () => {
    await raw.close();
    await decoding.ended;
  };
  const form = await formOf(raw, options);
  const limits = { ...options, name: raw.name, counter };
  switch (form.kind) {
    case "zip": {
      const member = await findMember(raw, options.member, options.signal);
      const name = `${raw.name}#${member.name}`;
      const content = unzip(member, name, { counter, decoding });
      const { first, bytes } = await peek(limited(content, { ...limits, name, isCompressed: true }));
      const inner = compressionOf(first);
      if (inner !== null) {
        await bytes.return(undefined);
        throw refusedSource(
          name,
          `the member is a ${inner} archive itself`,
          `Take it out of ${raw.fileName}, and load it by its own`,
        );
      }
      return {
        name,
        size: member.compressedSize,
        consumed: () => counter.bytes,
        bytes,
        extension: extensionOf(member.name, null),
        // Its first bytes have been decoded, whether a reader came or not.
        close: async () => {
          await raw.close();
          await bytes.return(undefined);
          await decoding.ended;
        },
      };
    }
    case "gzip":
    case "none":
      if (options.member !== null) {
        throw refusedSource(
          raw.name,
          `it is no zip archive, so it has no member "${options.member}"`,
          "Leave member out",
        );
      }
      return {
        name: raw.name,
        size: raw.size,
        consumed: () => counter.bytes,
        bytes: form.kind === "gzip"
          ? limited(gunzip(counter.count(form.bytes), raw.name, decoding), { ...limits, isCompressed: true })
          : limited(counter.count(form.bytes), { ...limits, isCompressed: false }),
        extension: extensionOf(raw.fileName, raw.mediaType),
        close,
      };
    default:
      return form satisfies never;
  }
}

type Form = { kind: "zip" } | { kind: "gzip" | "none"; bytes: AsyncIterable<Uint8Array> };

async function formOf(raw: RawSource, { compression, member, signal }: SourceOptions): Promise<Form> {
  if (compression === "zip") return { kind: "zip" };
  if (compression !== "auto") return { kind: compression, bytes: raw.read() };
  signal.throwIfAborted();
  const { first, bytes } = await peek(raw.read());
  const found = compressionOf(first);
  if (found === "zip") {
    await bytes.return(undefined);
    return { kind: "zip" };
  }
  if (found === "gzip") return { kind: "gzip", bytes };
  // A name that promises what the bytes do not hold is a broken file, not a text.
  const promised = /\.gz$/i.test(raw.fileName) ? "gzip" : /\.zip$/i.test(raw.fileName) ? "zip" : null;
  if (promised !== null && !raw.isDecoded) {
    await bytes.return(undefined);
    throw corruptSource(raw.name, `it is named as ${promised} but does not begin as one`, {
      byte: 0,
      hint: `Fetch the file again, or say compression: "none"${member === null ? "" : " and no member"}`,
    });
  }
  return { kind: "none", bytes };
}

function extensionOf(fileName: string, mediaType: string | null): string | null {
  const bare = fileName.replace(/\.(gz|zip)$/i, "");
  const extension = /[^./\\]\.([A-Za-z0-9_-]{1,16})$/.exec(bare)?.[1]?.toLowerCase();
  return extension ?? (mediaType === null ? null : extensionsByMediaType[mediaType] ?? null);
}

const extensionsByMediaType: Record<string, string | undefined> = {
  "text/csv": "csv",
  "text/tab-separated-values": "tsv",
  "application/json": "json",
  "application/x-ndjson": "ndjson",
  "application/jsonl": "ndjson",
};
