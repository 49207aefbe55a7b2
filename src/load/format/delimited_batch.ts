/**
 * Records of delimited lines, gathered to batches for COPY. Whole ones stay where they are; of others the
 * kept fields are copied.
 */

import { isMark, quotedMark } from "./end_of_data.ts";
import type { DelimitedForm } from "./options.ts";
import { batchBytes, type RecordBatch } from "./record.ts";

const lineFeed = 10;

/** Where the kept fields of a record lie. */
interface FieldPlaces {
  /** Starts and ends, in the order of the record. */
  readonly places: readonly number[];
  readonly delimiter: number;
}

export class BatchBuilder {
  count = 0;
  size = 0;
  readonly #isWhole: boolean;
  readonly #form: DelimitedForm;
  #data: Uint8Array = new Uint8Array();
  #start = 0;
  #offsets: number[] = [];
  #lines: number[] = [];
  #copied: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  constructor(isWhole: boolean, form: DelimitedForm) {
    this.#isWhole = isWhole;
    this.#form = form;
  }

  add(data: Uint8Array, start: number, end: number, scan: FieldPlaces, line: number): void {
    if (this.count === 0) {
      this.#data = data;
      this.#start = start;
    }
    this.#offsets.push(this.size);
    this.#lines.push(line);
    this.count++;
    if (this.#isWhole) {
      this.size = end - this.#start;
      return;
    }
    const { places } = scan;
    this.#reserve(end - start + places.length + 2);
    for (let index = 0; index < places.length; index += 2) {
      if (index > 0) this.#copied[this.size++] = scan.delimiter;
      const stored = data.subarray(places[index]!, places[index + 1]!);
      // Alone on its line it would end the COPY.
      const field = places.length === 2 && isMark(stored) && this.#form.format === "csv"
        ? quotedMark(this.#form)
        : stored;
      this.#copied.set(field, this.size);
      this.size += field.length;
    }
    this.#copied[this.size++] = lineFeed;
  }

  take(): RecordBatch {
    const offsets = [...this.#offsets, this.size];
    const lines = this.#lines;
    const bytes = this.#isWhole
      ? this.#data.subarray(this.#start, this.#start + this.size)
      : this.#copied.subarray(0, this.size);
    const batch: RecordBatch = {
      bytes,
      count: this.count,
      offset: (index) => offsets[index]!,
      line: (index) => lines[index]!,
      byte: null,
      hasLineBreaks: true,
    };
    this.count = 0;
    this.size = 0;
    this.#offsets = [];
    this.#lines = [];
    this.#copied = new Uint8Array(0);
    return batch;
  }

  #reserve(bytes: number): void {
    if (this.#copied.length >= this.size + bytes) return;
    const larger = new Uint8Array(Math.max(batchBytes * 2, this.size + bytes));
    larger.set(this.#copied.subarray(0, this.size));
    this.#copied = larger;
  }
}
