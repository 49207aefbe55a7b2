/**
 * The messages that a client sends, written behind each other into one buffer that goes out in one flush.
 * Formats: PostgreSQL's documentation, "Message Formats", protocol 3.0. Lengths are of the body and of
 * themselves.
 */

const encoder = new TextEncoder();

/** What is kept of the buffer between two flushes. */
const keptBytes = 64 * 1024;

export class MessageWriter {
  #buffer = new Uint8Array(4096);
  #view = new DataView(this.#buffer.buffer);
  #length = 0;
  #began = 0;

  get length(): number {
    return this.#length;
  }

  /** All that was written since the last time. The bytes are the caller's. */
  take(): Uint8Array {
    const taken = this.#buffer.slice(0, this.#length);
    this.#length = 0;
    if (this.#buffer.length > keptBytes) this.#grow(0, 4096);
    return taken;
  }

  /** SSLRequest and its like have no type. */
  request(code: number, ...rest: number[]): this {
    this.#begin(null);
    this.#int32(code);
    for (const number of rest) this.#int32(number);
    return this.#end();
  }

  startup(parameters: Readonly<Record<string, string>>): this {
    this.#begin(null);
    this.#int32(protocolVersion);
    for (const [name, value] of Object.entries(parameters)) {
      this.#text(name);
      this.#text(value);
    }
    this.#int8(0);
    return this.#end();
  }

  query(script: string): this {
    this.#begin("Q");
    this.#text(script);
    return this.#end();
  }

  /** Types of parameters are left to the server. */
  parse(name: string, text: string): this {
    this.#begin("P");
    this.#text(name);
    this.#text(text);
    this.#int16(0);
    return this.#end();
  }

  /** All parameters and all columns as text. */
  bind(name: string, parameters: readonly (string | null)[]): this {
    if (parameters.length > mostParameters) {
      throw new RangeError(`a statement has at most ${mostParameters} parameters`);
    }
    this.#begin("B");
    this.#int8(0);
    this.#text(name);
    this.#int16(0);
    this.#int16(parameters.length);
    for (const parameter of parameters) {
      if (parameter === null) this.#int32(-1);
      else this.#counted(parameter);
    }
    this.#int16(0);
    return this.#end();
  }

  describeStatement(name: string): this {
    this.#begin("D");
    this.#int8(letter("S"));
    this.#text(name);
    return this.#end();
  }

  closeStatement(name: string): this {
    this.#begin("C");
    this.#int8(letter("S"));
    this.#text(name);
    return this.#end();
  }

  /** The unnamed portal, all its rows. */
  execute(): this {
    this.#begin("E");
    this.#int8(0);
    this.#int32(0);
    return this.#end();
  }

  sync(): this {
    this.#begin("S");
    return this.#end();
  }

  /** Asks for the answers so far, without ending what Sync ends. */
  flush(): this {
    this.#begin("H");
    return this.#end();
  }

  copyData(bytes: Uint8Array): this {
    this.#begin("d");
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
    return this.#end();
  }

  copyDone(): this {
    this.#begin("c");
    return this.#end();
  }

  copyFail(reason: string): this {
    this.#begin("f");
    this.#text(reason);
    return this.#end();
  }

  /** A password, or what a SASL mechanism says next. */
  password(text: string): this {
    this.#begin("p");
    this.#text(text);
    return this.#end();
  }

  saslInitial(mechanism: string, response: string): this {
    this.#begin("p");
    this.#text(mechanism);
    this.#counted(response);
    return this.#end();
  }

  saslResponse(response: string): this {
    this.#begin("p");
    this.#bytes(response);
    return this.#end();
  }

  terminate(): this {
    this.#begin("X");
    return this.#end();
  }

  #begin(type: string | null): void {
    this.#reserve(5);
    if (type !== null) this.#buffer[this.#length++] = letter(type);
    this.#began = this.#length;
    this.#length += 4;
  }

  #end(): this {
    this.#view.setInt32(this.#began, this.#length - this.#began);
    return this;
  }

  #int8(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  #int16(value: number): void {
    this.#reserve(2);
    this.#view.setUint16(this.#length, value);
    this.#length += 2;
  }

  #int32(value: number): void {
    this.#reserve(4);
    this.#view.setInt32(this.#length, value);
    this.#length += 4;
  }

  /** Ends in a NUL, so none may be in it: the rest would be read as the next field. */
  #text(text: string): void {
    if (text.includes("\0")) throw new RangeError("a text for PostgreSQL holds a NUL character");
    this.#bytes(text);
    this.#int8(0);
  }

  #counted(text: string): void {
    this.#int32(0);
    const began = this.#length;
    this.#bytes(text);
    this.#view.setInt32(began - 4, this.#length - began);
  }

  #bytes(text: string): void {
    if (text.length < shortText) {
      // Most values are a few letters of ASCII, for which the encoder's way is longer than their own.
      this.#reserve(text.length);
      let index = 0;
      for (; index < text.length; index++) {
        const code = text.charCodeAt(index);
        if (code > 127) break;
        this.#buffer[this.#length + index] = code;
      }
      if (index === text.length) {
        this.#length += index;
        return;
      }
    }
    this.#reserve(text.length * 3);
    this.#length += encoder.encodeInto(text, this.#buffer.subarray(this.#length)).written;
  }

  #reserve(bytes: number): void {
    const wanted = this.#length + bytes;
    if (wanted > this.#buffer.length) this.#grow(this.#length, Math.max(wanted, this.#buffer.length * 2));
  }

  #grow(kept: number, size: number): void {
    const buffer = new Uint8Array(size);
    buffer.set(this.#buffer.subarray(0, kept));
    this.#buffer = buffer;
    this.#view = new DataView(buffer.buffer);
  }
}

const shortText = 64;
const protocolVersion = 3 << 16;
const mostParameters = 65_535;

export const sslRequestCode = (1234 << 16) | 5679;
export const cancelRequestCode = (1234 << 16) | 5678;

const letter = (type: string): number => type.charCodeAt(0);
