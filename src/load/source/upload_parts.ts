/**
 * The bytes of an upload as the rows of `sqlwright.upload_part`: parts of one size, in batches, in the binary
 * format of COPY.
 */

/** Bytes of a part; only the last one of an upload is shorter. */
export const partBytes = 1024 ** 2;
const batchParts = 4;

/** Batches of parts of one size each; only the last part is shorter. */
export async function* partsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array[]> {
  let parts: Uint8Array[] = [];
  let part = new Uint8Array(partBytes);
  let filled = 0;
  for await (const chunk of body) {
    for (let taken = 0; taken < chunk.length;) {
      const some = chunk.subarray(taken, taken + partBytes - filled);
      part.set(some, filled);
      taken += some.length;
      filled += some.length;
      if (filled < partBytes) continue;
      parts.push(part);
      part = new Uint8Array(partBytes);
      filled = 0;
      if (parts.length < batchParts) continue;
      yield parts;
      parts = [];
    }
  }
  if (filled > 0) parts.push(part.subarray(0, filled));
  if (parts.length > 0) yield parts;
}

/** Rows in the binary format of COPY: no byte is written as text. */
export async function* binaryRows(
  handle: string,
  position: number,
  parts: readonly Uint8Array[],
): AsyncGenerator<Uint8Array> {
  const key = new TextEncoder().encode(handle);
  yield copyHeader;
  for (const [index, part] of parts.entries()) {
    const head = new Uint8Array(2 + 4 + key.length + 4 + 4 + 4);
    const view = new DataView(head.buffer);
    view.setInt16(0, 3);
    view.setInt32(2, key.length);
    head.set(key, 6);
    view.setInt32(6 + key.length, 4);
    view.setInt32(10 + key.length, position + index);
    view.setInt32(14 + key.length, part.length);
    yield head;
    yield part;
  }
  yield copyTrailer;
}

/** Signature, flags, no extension. */
const copyHeader = new Uint8Array([
  ...[0x50, 0x47, 0x43, 0x4f, 0x50, 0x59, 0x0a, 0xff, 0x0d, 0x0a, 0x00],
  ...[0, 0, 0, 0],
  ...[0, 0, 0, 0],
]);
const copyTrailer = new Uint8Array([0xff, 0xff]);
