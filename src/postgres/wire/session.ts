/**
 * One session with a server: requests go out in the order in which they are made, those of one moment in one
 * flush, and each is answered up to its own ReadyForQuery. A message that cannot come where it comes ends the
 * session, with all that waits: an answer is never given to another request.
 *
 * Statements are prepared once, under a name. PostgreSQL itself holds a prepared statement to the columns
 * that it was described with ("cached plan must not change result type"), so what was checked of them once
 * holds for each execution.
 */

import type { Framer } from "./framing.ts";
import { typeName } from "./framing.ts";
import { cancelRequestCode, MessageWriter } from "./messages.ts";
import {
  ConnectionEnded,
  ProtocolViolation,
  readFields,
  ServerError,
  type ServerFields,
} from "./protocol_error.ts";
import {
  readColumns,
  readParameterTypes,
  readRow,
  type ResultColumn,
  RowBytes,
  type TextRow,
} from "./rows.ts";
import { readParameterStatus, type StartedSession, type StartOptions, startSession } from "./startup.ts";
import { openTransport, type Transport } from "./transport.ts";

/** What a statement answered. */
export interface StatementResult {
  /** Rows affected or returned, from the command tag. */
  count: number;
  /** `SELECT`, `INSERT`, `UPDATE` … */
  command: string;
}

export interface Execution {
  /**
   * Called once before the first row, with the columns of this execution. What it throws fails the statement.
   */
  onColumns?: ((columns: readonly ResultColumn[]) => void) | undefined;
  /**
   * Called for each row as it arrives. Answer `stop` for no more rows; what it throws fails the statement.
   * Whoever wants the server to stop as well cancels the request.
   */
  onRow?: ((row: TextRow) => void | "stop") | undefined;
  /** The same for the bytes of a row, in place of `onRow`. */
  onRowBytes?: ((row: RowBytes) => void | "stop") | undefined;
  /** Asked after each chunk of rows: the next one is read when it resolves. */
  whenDrained?: (() => Promise<void> | null) | undefined;
  /** A row of more bytes fails the statement before any of them is kept. @default 1 GiB */
  mostRowBytes?: number | undefined;
}

/** A statement that was sent, and how to end it early. */
export interface Sent<T> {
  answer: Promise<T>;
  /** The server is at it: what was sent before has been answered. */
  isActive: () => boolean;
}

interface Prepared {
  name: string;
  /** Null until the server has described it. */
  columns: readonly ResultColumn[] | null;
}

/** A COPY that takes data: what is sent goes on until the server says no. */
interface CopyIn {
  isOpen: boolean;
  opened: PromiseWithResolvers<void>;
  /** Ends the wait for the source's next piece. */
  refuse: (reason: unknown) => void;
}

/** One request, from its first message to its ReadyForQuery. */
interface Request {
  execution: Execution;
  /** Of the statement that is being prepared under a name; kept once the server has taken it. */
  preparing: Prepared | null;
  /** Columns of the rows to come; null while they are not known. */
  columns: readonly ResultColumn[] | null;
  parameterTypes: number[] | null;
  /** Of an execution that wants bytes; made with its first row. */
  row: RowBytes | null;
  /** The statement whose rows are answered has come to its end, or the one that is described was. */
  isComplete: boolean;
  /** No more rows are wanted. */
  isStopped: boolean;
  isScript: boolean;
  isDescribed: boolean;
  copyIn: CopyIn | null;
  onCopyData: ((bytes: Uint8Array) => void) | null;
  tag: string;
  /** What fails it; told when the server is ready again. */
  failure: unknown;
  settle: PromiseWithResolvers<Request>;
}

/**
 * A session keeps so many statements; of more, the one that was used longest ago is closed. Reloads and the
 * filters of views bring ever new ones.
 */
const mostStatements = 500;

const defaultRowBytes = 1024 * 1024 * 1024;

const letter = (type: string): number => type.charCodeAt(0);
const type = {
  parseComplete: letter("1"),
  bindComplete: letter("2"),
  closeComplete: letter("3"),
  parameterDescription: letter("t"),
  rowDescription: letter("T"),
  noData: letter("n"),
  dataRow: letter("D"),
  commandComplete: letter("C"),
  emptyQuery: letter("I"),
  error: letter("E"),
  notice: letter("N"),
  parameterStatus: letter("S"),
  notification: letter("A"),
  ready: letter("Z"),
  copyIn: letter("G"),
  copyOut: letter("H"),
  copyData: letter("d"),
  copyDone: letter("c"),
} as const;

const decoder = new TextDecoder();

export class Session {
  readonly #transport: Transport;
  readonly #framer: Framer;
  readonly #key: StartedSession["key"];
  readonly #options: StartOptions;
  readonly #writer = new MessageWriter();
  readonly #requests: Request[] = [];
  readonly #prepared = new Map<string, Prepared>();
  #statementCount = 0;
  #writing: Promise<void> | null = null;
  #isFlushing = false;
  /** Why it is over; null while it is not. */
  #ended: unknown = null;
  /** The last error that the server sent to no request: why it closes the connection. */
  #lastWords: ServerError | null = null;
  /** Settings that the server reports, by name. */
  readonly parameters: ReadonlyMap<string, string>;
  onEnd: () => void = () => {};
  onNotice: (fields: ServerFields) => void = () => {};

  private constructor(started: StartedSession, options: StartOptions) {
    this.#transport = started.transport;
    this.#framer = started.framer;
    this.#key = started.key;
    this.#options = options;
    this.parameters = started.parameters;
    started.receive({
      message: (type, bytes, start, end) => this.#receive(type, bytes, start, end),
      tooLong: (_type, length) => this.#skipped(length),
      mostRowBytes: () => this.#requests[0]?.execution.mostRowBytes ?? defaultRowBytes,
    });
    this.#readAll();
  }

  /** @throws {ConnectionEnded | ServerError | ProtocolViolation} and the signal's reason */
  static async start(options: StartOptions, signal: AbortSignal): Promise<Session> {
    return new Session(await startSession(options, signal), options);
  }

  /** The process that the key for cancelling names; a pooler gives out keys of its own. */
  get process(): number | null {
    return this.#key?.process ?? null;
  }

  get isEnded(): boolean {
    return this.#ended !== null;
  }

  /** Statements that are kept prepared. */
  get preparedCount(): number {
    return this.#prepared.size;
  }

  /**
   * One statement with bound values, all as text.
   * @param isPrepared keeps it under a name for the next time
   */
  execute(
    text: string,
    parameters: readonly (string | null)[],
    execution: Execution,
    isPrepared: boolean,
  ): Sent<StatementResult> {
    const request = newRequest(execution);
    const known = isPrepared ? this.#prepared.get(text) : undefined;
    if (known !== undefined && known.columns !== null) {
      execution.onColumns?.(known.columns);
      // The one used last is the last to go.
      this.#prepared.delete(text);
      this.#prepared.set(text, known);
      request.columns = known.columns;
      this.#writer.bind(known.name, parameters).execute().sync();
    } else {
      // Under a name that is being made by another request nothing is bound: that may fail.
      const name = isPrepared && known === undefined ? this.#newName(text, request) : "";
      this.#writer.parse(name, text).describeStatement(name).bind(name, parameters).execute().sync();
    }
    return this.#send(request, async (ended) => {
      const { tag, isStopped } = await ended;
      return isStopped && tag === "" ? { count: 0, command: "SELECT" } : readTag(tag);
    });
  }

  /** Parse and Describe alone: nothing runs. `columns` is empty for a statement without rows. */
  describe(text: string): Sent<{ types: number[]; columns: readonly ResultColumn[] }> {
    const request = { ...newRequest({}), isDescribed: true };
    this.#writer.parse("", text).describeStatement("").sync();
    return this.#send(request, async (ended) => {
      const { parameterTypes, columns } = await ended;
      return { types: parameterTypes ?? [], columns: columns ?? [] };
    });
  }

  /** One or several statements of ours over the simple protocol; their rows are dropped. */
  script(text: string): Sent<StatementResult> {
    const request = { ...newRequest({}), isScript: true };
    this.#writer.query(text);
    return this.#send(request, async (ended) => readTag((await ended).tag));
  }

  /**
   * `copy … from stdin`: takes what `source` gives, as fast as the server reads. Its refusal ends the source.
   * @returns the count of COPY's command tag
   */
  copyIn(text: string, source: AsyncIterable<Uint8Array>): Sent<number> {
    const request = newRequest({});
    const copy: CopyIn = { isOpen: false, opened: Promise.withResolvers(), refuse: () => {} };
    copy.opened.promise.catch(() => {});
    request.copyIn = copy;
    this.#writer.parse("", text).bind("", []).execute().flush();
    const sent = this.#send(request, async (ended) => readTag((await ended).tag).count);
    const answer = this.#feed(request, copy, source).then(() => sent.answer);
    sent.answer.catch(() => {});
    return { answer, isActive: sent.isActive };
  }

  async #feed(request: Request, copy: CopyIn, source: AsyncIterable<Uint8Array>): Promise<void> {
    const pieces = source[Symbol.asyncIterator]();
    const nextPiece = () => {
      const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<Uint8Array, unknown>>();
      copy.refuse = reject;
      pieces.next().then(resolve, reject);
      return promise;
    };
    let failure: unknown = null;
    try {
      await copy.opened.promise;
      for (let piece = await nextPiece(); !piece.done && copy.isOpen; piece = await nextPiece()) {
        for (let at = 0; at < piece.value.length && copy.isOpen; at += mostCopyBytes) {
          this.#writer.copyData(piece.value.subarray(at, at + mostCopyBytes));
          await this.#flushed();
        }
      }
    } catch (error) {
      failure = error;
    }
    // A source that hangs in its next piece is left to its own end.
    if (!copy.isOpen || failure !== null) pieces.return?.(undefined)?.catch(() => {});
    if (this.#ended !== null) return;
    // The server answers a CopyFail with an error of its own, which says less than what it was told for.
    if (copy.isOpen && failure !== null) {
      request.failure ??= failure;
      this.#writer.copyFail("the source ended early");
    } else if (copy.isOpen) this.#writer.copyDone();
    copy.isOpen = false;
    this.#writer.sync();
    this.#flushSoon();
  }

  /** `copy … to stdout`: hands the data on as it comes, a row a piece. The bytes are valid for the call. */
  copyOut(text: string, onData: (bytes: Uint8Array) => void, execution: Execution): Sent<number> {
    const request = { ...newRequest(execution), onCopyData: onData };
    this.#writer.parse("", text).bind("", []).execute().sync();
    return this.#send(request, async (ended) => readTag((await ended).tag).count);
  }

  /**
   * Asks the server, over a connection of its own, to end what it is at. It promises nothing, and a request
   * that comes too early is forgotten: whoever must be certain asks again until the statement has ended.
   */
  async cancel(signal: AbortSignal): Promise<void> {
    if (this.#key === null) return;
    const { process, secret } = this.#key;
    const transport = await openTransport(this.#options.address, this.#options, signal);
    const onAbort = () => transport.close();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await transport.write(new MessageWriter().request(cancelRequestCode, process, secret).take());
      // The server closes the connection once the signal is sent.
      while (await transport.read() !== null);
    } finally {
      signal.removeEventListener("abort", onAbort);
      transport.close();
    }
  }

  /** Says goodbye and closes; what waits fails. */
  async close(): Promise<void> {
    if (this.#ended !== null) return;
    this.#writer.terminate();
    await this.#flushed().catch(() => {});
    this.destroy(new ConnectionEnded("CONNECTION_ENDED", "the connection was closed"));
  }

  /** Resolves when nothing waits for an answer. */
  async idle(): Promise<void> {
    while (this.#requests.length > 0) {
      await this.#requests.at(-1)!.settle.promise.catch(() => {});
    }
  }

  /** Closes at once; what waits fails with the reason. */
  destroy(reason: unknown): void {
    if (this.#ended !== null) return;
    this.#ended = reason;
    this.#transport.close();
    for (const request of this.#requests.splice(0)) {
      if (request.copyIn !== null) endCopy(request.copyIn, reason);
      request.settle.reject(request.failure ?? reason);
    }
    this.onEnd();
  }

  #newName(text: string, request: Request): string {
    if (this.#prepared.size >= mostStatements) {
      for (const [oldest, { name, columns }] of this.#prepared) {
        // One that is on its way is not there to be closed.
        if (columns === null) continue;
        this.#prepared.delete(oldest);
        this.#writer.closeStatement(name);
        break;
      }
    }
    const prepared: Prepared = { name: `s${++this.#statementCount}`, columns: null };
    this.#prepared.set(text, prepared);
    request.preparing = prepared;
    request.settle.promise.catch(() => {
      if (this.#prepared.get(text) === prepared && prepared.columns === null) this.#prepared.delete(text);
    });
    return prepared.name;
  }

  /** What was prepared under this text is made anew the next time. */
  forget(text: string): void {
    const prepared = this.#prepared.get(text);
    if (prepared === undefined || prepared.columns === null || this.#ended !== null) return;
    this.#prepared.delete(text);
    this.#writer.closeStatement(prepared.name);
    // It goes out with the next request, whose Sync it shares.
  }

  #send<T>(request: Request, answer: (ended: Promise<Request>) => Promise<T>): Sent<T> {
    if (this.#ended !== null) request.settle.reject(this.#ended);
    else {
      this.#requests.push(request);
      this.#flushSoon();
    }
    return { answer: answer(request.settle.promise), isActive: () => this.#requests[0] === request };
  }

  /** All that is written in this turn of the event loop goes out together. */
  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => {
      this.#isFlushing = false;
      this.#flushed().catch(() => {});
    });
  }

  /** Sends what is written. What comes meanwhile goes out with the next write. */
  async #flushed(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    if (this.#ended !== null || this.#writer.length === 0) return;
    this.#writing = this.#transport.write(this.#writer.take());
    try {
      await this.#writing;
    } catch (error) {
      // The server may have said why before it closed: what it sent is read to its end.
      this.#endSoon(error);
      throw error;
    } finally {
      this.#writing = null;
    }
  }

  #endSoon(error: unknown): void {
    setTimeout(() => this.destroy(this.#lastWords ?? error), lastWords_ms);
  }

  async #readAll(): Promise<void> {
    try {
      for (;;) {
        const chunk = await this.#transport.read();
        if (chunk === null) break;
        this.#framer.push(chunk);
        const request = this.#requests[0];
        const drained = request?.execution.whenDrained?.() ?? null;
        if (drained !== null) await drained.catch((error) => fail(request!, error));
        if (this.#ended !== null) return;
      }
      this.destroy(
        this.#lastWords ?? new ConnectionEnded("CONNECTION_CLOSED", "the server closed the connection"),
      );
    } catch (error) {
      this.destroy(error instanceof ProtocolViolation ? error : this.#lastWords ?? error);
    }
  }

  /** A row that is too long was left out: the statement has failed, and what else it answers is dropped. */
  #skipped(length: number): void {
    const request = this.#requests[0];
    if (request === undefined) throw new ProtocolViolation("a row that nobody asked for");
    fail(request, new RowTooLong(length, request.execution.mostRowBytes ?? defaultRowBytes));
  }

  #receive(code: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#ended !== null) return;
    // What comes at any time.
    switch (code) {
      case type.notice:
        return this.onNotice(readFields(bytes.subarray(start, end)));
      case type.parameterStatus:
        return readParameterStatus(bytes.subarray(start, end), this.parameters as Map<string, string>);
      case type.notification:
        return;
    }
    const request = this.#requests[0];
    if (code === type.error) return this.#receiveError(request, bytes.subarray(start, end));
    if (request === undefined) {
      throw new ProtocolViolation(`a message of type ${typeName(code)} that answers nothing`);
    }
    switch (code) {
      case type.dataRow:
        return receiveRow(request, bytes, start, end);
      case type.parseComplete:
      case type.bindComplete:
      case type.closeComplete:
        return;
      case type.parameterDescription:
        request.parameterTypes = readParameterTypes(bytes, start, end);
        return;
      case type.rowDescription:
        return receiveColumns(request, readColumns(bytes, start, end));
      case type.noData:
        return receiveColumns(request, []);
      case type.commandComplete:
        request.tag = decoder.decode(bytes.subarray(start, end - 1));
        request.isComplete = true;
        return;
      case type.emptyQuery:
        request.isComplete = true;
        return;
      case type.copyIn:
        return receiveCopyIn(request);
      case type.copyOut:
        if (request.onCopyData === null) {
          throw new ProtocolViolation("a COPY to a client that asked for none");
        }
        return;
      case type.copyData:
        if (request.onCopyData === null) throw new ProtocolViolation("data of a COPY that nobody asked for");
        return receiveCopyData(request, request.onCopyData, bytes.subarray(start, end));
      case type.copyDone:
        return;
      case type.ready:
        return this.#finish(request);
      default:
        throw new ProtocolViolation(`a message of type ${typeName(code)} in the answer to a statement`);
    }
  }

  #receiveError(request: Request | undefined, body: Uint8Array): void {
    const error = new ServerError(readFields(body));
    if (error.severity === "FATAL" || error.severity === "PANIC") this.#lastWords = error;
    if (request === undefined) return;
    fail(request, error);
    // Whoever feeds it sends the Sync that the server waits for.
    if (request.copyIn !== null) endCopy(request.copyIn, error);
  }

  #finish(request: Request): void {
    if (request.copyIn?.isOpen) throw new ProtocolViolation("the end of a COPY that still takes data");
    if (!request.isComplete && request.failure === null) {
      throw new ProtocolViolation("ready for the next statement, with this one unanswered");
    }
    this.#requests.shift();
    if (request.failure === null) request.settle.resolve(request);
    else request.settle.reject(request.failure);
  }
}

/** A row, or a piece of COPY's data, that is longer than the execution allows. */
export class RowTooLong extends Error {
  override readonly name = "RowTooLong";
  constructor(readonly bytes: number, readonly allowedBytes: number) {
    super(`a row of ${bytes} bytes; at most ${allowedBytes} are allowed`);
  }
}

/** How long after a failed write the server's own last message is waited for. */
const lastWords_ms = 1000;

/** One message of COPY; larger ones only make larger buffers. */
const mostCopyBytes = 64 * 1024;

function newRequest(execution: Execution): Request {
  const settle = Promise.withResolvers<Request>();
  settle.promise.catch(() => {});
  return {
    execution,
    preparing: null,
    columns: null,
    parameterTypes: null,
    row: null,
    isComplete: false,
    isStopped: false,
    isScript: false,
    isDescribed: false,
    copyIn: null,
    onCopyData: null,
    tag: "",
    failure: null,
    settle,
  };
}

/** The first failure is the one that is told, when the server is ready again; rows to come are dropped. */
function fail(request: Request, error: unknown): void {
  request.failure ??= error;
  request.isStopped = true;
}

function receiveColumns(request: Request, columns: ResultColumn[]): void {
  // A script's own rows are dropped, whatever they are.
  if (request.isScript) return;
  if (request.isComplete || request.columns !== null) throw new ProtocolViolation("a second row description");
  request.columns = columns;
  request.isComplete = request.isDescribed;
  if (request.preparing !== null) request.preparing.columns = columns;
  announce(request, columns);
}

function announce(request: Request, columns: readonly ResultColumn[]): void {
  try {
    request.execution.onColumns?.(columns);
  } catch (error) {
    fail(request, error);
  }
}

function receiveRow(request: Request, bytes: Uint8Array, start: number, end: number): void {
  if (request.isStopped || request.isScript) return;
  if (request.columns === null || request.isComplete || request.onCopyData !== null) {
    throw new ProtocolViolation("a row without a description");
  }
  const { onRow, onRowBytes, mostRowBytes } = request.execution;
  if (onRow === undefined && onRowBytes === undefined) return;
  if (mostRowBytes !== undefined && end - start > mostRowBytes) {
    return fail(request, new RowTooLong(end - start, mostRowBytes));
  }
  const columns = request.columns.length;
  // What is wrong in the bytes is the server's fault and ends the session; the rest is the receiver's.
  const text = onRow === undefined ? null : readRow(bytes, start, end, columns);
  const row = text === null ? (request.row ??= new RowBytes(columns)).read(bytes, start, end) : null;
  try {
    if ((text === null ? onRowBytes!(row!) : onRow!(text)) === "stop") request.isStopped = true;
  } catch (error) {
    fail(request, error);
  }
}

function endCopy(copy: CopyIn, reason: unknown): void {
  copy.isOpen = false;
  copy.opened.reject(reason);
  copy.refuse(reason);
}

function receiveCopyIn(request: Request): void {
  if (request.copyIn === null) {
    throw new ProtocolViolation("a COPY that waits for data nobody has");
  }
  request.copyIn.isOpen = true;
  request.copyIn.opened.resolve();
}

function receiveCopyData(request: Request, onData: (bytes: Uint8Array) => void, bytes: Uint8Array): void {
  if (request.isStopped) return;
  try {
    onData(bytes);
  } catch (error) {
    fail(request, error);
  }
}

/** `INSERT 0 5`, `SELECT 3`, `CREATE TABLE`. */
function readTag(tag: string): StatementResult {
  const digits = /\d+$/.exec(tag)?.[0];
  const space = tag.indexOf(" ");
  return {
    command: digits === undefined || space < 0 ? tag : tag.slice(0, space),
    count: digits === undefined ? 0 : Number(digits),
  };
}
