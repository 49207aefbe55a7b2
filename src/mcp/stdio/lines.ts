/**
 * Lines over byte streams, bounded in both directions: a line that is too long is dropped and told, never
 * collected; answers that nobody reads make the reader wait.
 */

export interface LineHandlers {
  onLine: (text: string) => void;
  /** The line was left out; the text says why. */
  onUnreadable: (why: string) => void;
}

/** Cuts chunks into lines. */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #handlers: LineHandlers;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  /** The start of a line whose end has not come yet. */
  #parts: Uint8Array[] = [];
  #size = 0;
  #skipping = false;

  constructor(maxBytes: number, handlers: LineHandlers) {
    this.#maxBytes = maxBytes;
    this.#handlers = handlers;
  }

  push(chunk: Uint8Array): void {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      this.#add(chunk.subarray(start, end));
      this.#endLine();
      start = end + 1;
    }
    if (start < chunk.length) this.#add(chunk.subarray(start));
  }

  #add(part: Uint8Array): void {
    this.#size += part.length;
    if (this.#size > this.#maxBytes) {
      this.#skipping = true;
      this.#parts = [];
    } else if (!this.#skipping && part.length > 0) this.#parts.push(part);
  }

  #endLine(): void {
    const parts = this.#parts, size = this.#size, skipped = this.#skipping;
    this.#parts = [];
    this.#size = 0;
    this.#skipping = false;
    if (skipped) {
      return this.#handlers.onUnreadable(`the message has ${size} bytes, ${this.#maxBytes} are allowed`);
    }
    let text: string;
    try {
      text = this.#decoder.decode(parts.length === 1 ? parts[0]! : concat(parts, size));
    } catch {
      return this.#handlers.onUnreadable("the message is not valid UTF-8");
    }
    if (text.trim() !== "") this.#handlers.onLine(text);
  }
}

/** Takes bytes; may take fewer than it is given. Standard output is one. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<number>;
}

/** Writes lines in order; those that come while a write is under way go out together in the next one. */
export class LineWriter {
  readonly #sink: ByteSink;
  readonly #onBroken: () => void;
  readonly #encoder = new TextEncoder();
  #waiting: string[] = [];
  #pendingChars = 0;
  #writing: Promise<void> | null = null;
  #broken: Error | null = null;

  /** `onBroken` is called once, when writing fails. */
  constructor(sink: ByteSink, onBroken: () => void) {
    this.#sink = sink;
    this.#onBroken = onBroken;
  }

  /** Why nothing can be written any more: the other side has closed. Null while it can. */
  get broken(): Error | null {
    return this.#broken;
  }

  get pendingChars(): number {
    return this.#pendingChars;
  }

  write(line: string): void {
    if (this.#broken !== null) return;
    this.#waiting.push(line);
    this.#pendingChars += line.length + 1;
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when everything is written, or nothing can be. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    await Promise.resolve(); // lines of the same turn go out in one write
    try {
      while (this.#waiting.length > 0) {
        const lines = this.#waiting;
        this.#waiting = [];
        const text = lines.join("\n") + "\n";
        const bytes = this.#encoder.encode(text);
        for (let written = 0; written < bytes.length;) {
          written += await this.#sink.write(bytes.subarray(written));
        }
        this.#pendingChars -= text.length;
      }
    } catch (error) {
      this.#broken = error instanceof Error ? error : new Error(String(error));
      this.#waiting = [];
      this.#pendingChars = 0;
      this.#onBroken();
    } finally {
      this.#writing = null;
    }
  }
}

const lineFeed = 10;

function concat(parts: Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
