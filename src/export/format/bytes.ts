/** Bytes that are written one after the other and taken together. */

const keptBytes = 1024 * 1024;

export class ByteWriter {
  #bytes = new Uint8Array(128 * 1024);
  #length = 0;
  readonly #encoder = new TextEncoder();

  /** Room for so many more; where to write them. */
  reserve(count: number): Uint8Array {
    const wanted = this.#length + count;
    if (wanted > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(wanted, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    return this.#bytes;
  }

  byte(value: number): void {
    this.reserve(1)[this.#length++] = value;
  }

  bytes(source: Uint8Array, start = 0, end = source.length): void {
    const target = this.reserve(end - start);
    // Most values are short, and a loop over them is faster than a view of each.
    if (end - start < 24) { for (let at = start; at < end;) target[this.#length++] = source[at++]!; }
    else {
      target.set(source.subarray(start, end), this.#length);
      this.#length += end - start;
    }
  }

  text(text: string): void {
    const target = this.reserve(text.length * 3);
    this.#length += this.#encoder.encodeInto(text, target.subarray(this.#length)).written;
  }

  /** All that was written since the last time; the caller's own. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    if (this.#bytes.length > keptBytes) this.#bytes = new Uint8Array(128 * 1024);
    return taken;
  }
}
