/**
 * Uploads: files that clients put over HTTP, kept in PostgreSQL until a load names their handle or they
 * expire.
 *
 * They are in the database because the sandboxed process cannot write files and because any replica may
 * answer the load. Each statement is short and takes one connection for its own time, so a slow client holds
 * none.
 */

import { createHash } from "node:crypto";
import {
  type ArgumentsOf,
  bookCopy,
  type BookRow,
  bookRows,
  bookValue,
  bookWrite,
} from "../../bookkeeping/run.ts";
import type { BookFile } from "../../bookkeeping/statements.ts";
import { SqlwrightError } from "../../errors.ts";
import { sqlstateOf } from "../../postgres/database_error.ts";
import type { CallConnection, Pool } from "../../postgres/pool.ts";
import type { RawSource } from "./raw_source.ts";
import { cutSource, unreadableSource } from "./errors.ts";
import { binaryRows, partBytes, partsOf } from "./upload_parts.ts";

export interface UploadLimits {
  /** Most bytes of one upload. */
  maximumBytes: number;
  /** Most bytes of all uploads together, in this database. */
  spaceBytes: number;
  /** How long an upload is kept. */
  ttl_ms: number;
}

/** A whole upload. */
export interface Upload {
  /** What a load names it by: `upload:` and 32 hexadecimal digits. */
  handle: string;
  name: string;
  /** Bytes. */
  size: number;
  /** Hexadecimal. */
  sha256: string;
  /** ISO 8601. */
  expires_at: string;
}

export interface NewUpload {
  /** File name, already without folders. */
  name: string;
  body: AsyncIterable<Uint8Array>;
  /** Bytes as the client announced them; null when it did not. */
  size: number | null;
  signal: AbortSignal;
  /** Who alone may name it; null where nobody is told apart. @default null */
  owner?: string | null;
}

/** What PostgreSQL says of a table that is not there, and of one that may not be written. */
const noPlace = new Set(["42P01", "3F000", "42501"]);

export class UploadStore {
  readonly #pool: Pool;
  readonly #limits: UploadLimits;
  #running = 0;

  constructor(pool: Pool, limits: UploadLimits) {
    this.#pool = pool;
    this.#limits = limits;
  }

  get limits(): UploadLimits {
    return this.#limits;
  }

  /**
   * Keeps a file. When anything goes wrong on the way, nothing of it is left.
   * @throws {SqlwrightError} `load.upload_too_large`, `load.upload_refused` when there is no space or no
   * table, `call.busy`
   */
  async put(
    { name, body, size, signal, owner = null }: NewUpload,
  ): Promise<Upload> {
    if (this.#running >= maximumRunning) {
      throw new SqlwrightError(
        "call.busy",
        `Cannot keep "${name}": ${maximumRunning} uploads are on their way`,
        {
          hint: "Upload again in a moment",
        },
      );
    }
    this.#running++;
    const secret = newHandle();
    const handle = ownedKey(secret, owner);
    try {
      if (size !== null && size > this.#limits.maximumBytes) {
        throw this.#tooLarge(name);
      }
      await this.#reserve(handle, name, size ?? 0);
      return {
        ...await this.#write(handle, name, { body, signal }),
        handle: `upload:${secret}`,
      };
    } catch (error) {
      // Not by the caller's signal: it may be why this is needed. What fails here expires.
      await this.#delete(handle).catch(() => {});
      throw toUploadError(error, name);
    } finally {
      this.#running--;
    }
  }

  /** Null when there is no such upload of the owner, or no more. */
  async find(
    handle: string,
    owner: string | null = null,
  ): Promise<Upload | null> {
    const key = keyOf(handle, owner);
    if (key === null) return null;
    const [row] = await this.#rows("find", { handle: key })
      .catch((error) => Promise.reject(toUploadError(error, handle)));
    if (row === undefined) return null;
    return {
      handle: handle.startsWith("upload:") ? handle : `upload:${handle}`,
      name: row.name!,
      size: Number(row.size_bytes),
      sha256: row.sha256!,
      expires_at: row.expires_at!,
    };
  }

  /** False when there is no such upload of the owner. */
  async remove(handle: string, owner: string | null = null): Promise<boolean> {
    const key = keyOf(handle, owner);
    return key !== null && await this.#delete(key);
  }

  /** Deletes what has expired. */
  async sweep(): Promise<void> {
    await this.#pool.withConnection(
      undefined,
      (connection) => bookWrite(connection, ["uploads", "delete_expired"], {}),
    ).catch((error) => Promise.reject(toUploadError(error, "uploads")));
  }

  /** @throws {SqlwrightError} `load.source_unreadable` when there is no such upload */
  async open(
    source: string,
    signal: AbortSignal,
    owner: string | null = null,
  ): Promise<RawSource> {
    signal.throwIfAborted();
    const upload = await this.find(source, owner);
    if (upload === null) {
      throw unreadableSource(source, "there is no such upload, or no more", {
        hint: `Put the file to /uploads again; uploads are kept for ${this.#limits.ttl_ms / 1000} s`,
      });
    }
    const { name, size } = upload;
    const key = keyOf(upload.handle, owner)!;
    const readRange = (offset: number, length: number) =>
      this.#read(key, { source, size, offset, length, signal });
    return {
      name: source,
      fileName: name,
      mediaType: null,
      size,
      read: () => readRange(0, size),
      readRange,
      isDecoded: false,
      close: () => Promise.resolve(),
    };
  }

  async #write(
    handle: string,
    name: string,
    { body, signal }: Pick<NewUpload, "body" | "signal">,
  ): Promise<Omit<Upload, "handle">> {
    const hash = createHash("sha256");
    let size = 0;
    let position = 0;
    for await (const parts of partsOf(body)) {
      signal.throwIfAborted();
      for (const part of parts) {
        hash.update(part);
        size += part.length;
      }
      if (size > this.#limits.maximumBytes) throw this.#tooLarge(name);
      await this.#extend(handle, name, size);
      await this.#pool.withConnection(signal, (connection) =>
        // In a transaction even so: behind a pooler the session's settings come with its BEGIN.
        connection.transaction("begin read write", () =>
          bookCopy(
            connection,
            ["uploads", "write_parts"],
            binaryRows(handle, position, parts),
            signal,
          )));
      position += parts.length;
    }
    const sha256 = hash.digest("hex");
    const [row] = await this.#rows("finish", {
      handle,
      size_bytes: size,
      sha256,
      ttl_ms: this.#limits.ttl_ms,
    });
    if (row === undefined) throw expiredOnItsWay(name);
    return { name, size, sha256, expires_at: row.expires_at! };
  }

  /** What has expired gives its space first. */
  async #reserve(handle: string, name: string, bytes: number): Promise<void> {
    const { spaceBytes, ttl_ms } = this.#limits;
    const count = await this.#inSpace(async (connection) => {
      await bookWrite(connection, ["uploads", "delete_expired"], {});
      return await bookWrite(connection, ["uploads", "reserve"], {
        handle,
        name,
        reserved_bytes: bytes,
        ttl_ms,
        space_bytes: spaceBytes,
      });
    });
    if (count !== 1) throw this.#full(name);
  }

  /** For a client that did not say how much it sends. */
  async #extend(handle: string, name: string, bytes: number): Promise<void> {
    const reserved = await this.#value("reserved_bytes", { handle });
    if (reserved === null) throw expiredOnItsWay(name);
    if (Number(reserved) >= bytes) return;
    const space_bytes = this.#limits.spaceBytes;
    const count = await this.#inSpace((connection) =>
      bookWrite(connection, ["uploads", "extend"], {
        handle,
        reserved_bytes: bytes,
        space_bytes,
      })
    );
    if (count !== 1) throw this.#full(name);
  }

  /** One upload at a time looks at the space, in all replicas. */
  async #inSpace<T>(
    work: (connection: CallConnection) => Promise<T>,
  ): Promise<T> {
    return await this.#pool.withConnection(
      undefined,
      (connection) =>
        connection.transaction("begin read write", async () => {
          await bookValue(connection, ["uploads", "take_space_turn"], {});
          return await work(connection);
        }),
    );
  }

  async #delete(handle: string): Promise<boolean> {
    return await this.#pool.withConnection(
      undefined,
      async (connection) => await bookWrite(connection, ["uploads", "remove"], { handle }) === 1,
    );
  }

  async *#read(
    handle: string,
    { source, size, offset, length, signal }: {
      source: string;
      size: number;
      offset: number;
      length: number;
      signal: AbortSignal;
    },
  ): AsyncGenerator<Uint8Array> {
    const end = offset + length;
    for (let byte = offset; byte < end;) {
      const text = await this.#value("read_part", {
        handle,
        position: Math.floor(byte / partBytes),
      }, signal);
      const start = byte % partBytes;
      // PostgreSQL writes bytea as \x and hexadecimal digits, which Buffer.from reads at a tenth of the
      // speed.
      const part = text === null ? null : Uint8Array.fromHex(
        text.slice(2 + 2 * start, 2 + 2 * (start + end - byte)),
      );
      if (part === null || part.length === 0) {
        throw cutSource(source, "the upload was deleted while it was read,", {
          byte,
          size,
          hint: "Put the file again; nothing was loaded",
        });
      }
      byte += part.length;
      yield part;
    }
  }

  async #rows<File extends BookFile<"uploads">>(
    file: File,
    args: ArgumentsOf<"uploads", File>,
  ): Promise<BookRow<"uploads", File>[]> {
    return await this.#pool.withConnection(
      undefined,
      (connection) => bookRows(connection, ["uploads", file], args),
    );
  }

  async #value<File extends BookFile<"uploads">>(
    file: File,
    args: ArgumentsOf<"uploads", File>,
    signal?: AbortSignal,
  ): Promise<string | null> {
    return await this.#pool.withConnection(
      signal,
      (connection) => bookValue(connection, ["uploads", file], args, { signal }),
    );
  }

  #tooLarge(name: string): SqlwrightError {
    const { maximumBytes } = this.#limits;
    return new SqlwrightError(
      "load.upload_too_large",
      `Cannot keep "${name}": it has more than ${maximumBytes} bytes`,
      {
        details: { maximum: maximumBytes },
        hint: "Compress it, load it in parts, or raise SQLWRIGHT_MAX_UPLOAD",
      },
    );
  }

  #full(name: string): SqlwrightError {
    const { spaceBytes } = this.#limits;
    return new SqlwrightError(
      "load.upload_refused",
      `Cannot keep "${name}": all uploads together may have ${spaceBytes} bytes, ` +
        "and there is no space for this one",
      {
        details: { space: spaceBytes },
        hint: "Delete uploads that were loaded, wait until some expire, or raise SQLWRIGHT_UPLOAD_SPACE",
      },
    );
  }
}

/** The key of a handle, with or without `upload:`; null when it is none. */
function keyOf(handle: string, owner: string | null): string | null {
  const secret = /^(?:upload:)?([0-9a-f]{32})$/.exec(handle)?.[1];
  return secret === undefined ? null : ownedKey(secret, owner);
}

/**
 * What an upload is kept by. The owner is part of it, so another's handle leads nowhere, in every replica and
 * without a look at who owns what; and what is in the table is not a handle.
 */
function ownedKey(secret: string, owner: string | null): string {
  if (owner === null) return secret;
  return createHash("sha256").update(`sqlwright upload\0${secret}\0${owner}`)
    .digest("hex").slice(0, 32);
}

const newHandle = () => crypto.getRandomValues(new Uint8Array(16)).toHex();

function expiredOnItsWay(name: string): SqlwrightError {
  return new SqlwrightError(
    "load.upload_refused",
    `Cannot keep "${name}": it expired on its way`,
    {
      hint: "Send it faster, or raise SQLWRIGHT_UPLOAD_TTL",
    },
  );
}

function toUploadError(error: unknown, name: string): unknown {
  const sqlstate = error instanceof SqlwrightError ? error.details.sqlstate : sqlstateOf(error);
  if (typeof sqlstate !== "string" || !noPlace.has(sqlstate)) return error;
  return new SqlwrightError(
    "load.upload_refused",
    `Cannot keep "${name}": this database has no place for uploads`,
    {
      details: { sqlstate },
      hint: "Run `sqlwright migrate`, and grant the login select, insert, update and delete on " +
        "sqlwright.upload and sqlwright.upload_part",
      cause: error,
    },
  );
}

/** Each holds a batch in memory. */
const maximumRunning = 16;
