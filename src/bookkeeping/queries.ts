// deno-fmt-ignore-file
/** The query files' arguments and answers. Written by `sqlwright types`: change the files, not this. */

export interface ExecArguments {
  /** Do it, answer what was done, and undo it */
  dry_run?: boolean;
  /** Undo it when more rows than this are changed */
  max_affected?: number | null;
}

export interface ExecResult {
  /** Rows the statement changed */
  affected: number;
  /** Set when nothing was kept */
  dry_run?: boolean;
}

export interface Queries {
  ledger: {
    /** A load by its key. The load of a tool that was done with an idempotency key: what it loaded, and what it answered. */
    find_load: {
      arguments: {
        /** Name of the tool */
        tool: string;
        /** As the caller gave it */
        idempotency_key: string;
      };
      result: {
        row: {
          /** SHA-256 of the arguments: another load may not use the same key */
          fingerprint: string;
          /** Size of the source when it was loaded, where it is known */
          source_bytes: number | null;
          finished_at: string;
          /** The counts that the load answered */
          answer: unknown;
        } | null;
      };
    };
    /** Forget rejects that have expired. Deletes rejects whose time is over, those of a hundred loads at once. Each load that is recorded does so, so nothing else has to. */
    forget_rejects: {
      arguments: ExecArguments;
      result: ExecResult;
    };
    /** Whether the ledger may be written. True when the tables of the ledger are there and the login may write them; null when they are not. */
    ledger_access: {
      arguments: Record<string, never>;
      result: {
        value: boolean | null;
      };
    };
    /** Record a load. Writes down a load in the load's own transaction. Rejected rows are kept for a week. */
    record_load: {
      arguments: {
        /** The load */
        id: string;
        /** Name of the tool */
        tool: string;
        /** As the caller gave it */
        idempotency_key?: string | null;
        /** SHA-256 of the arguments */
        fingerprint: string;
        /** What was loaded, as the caller named it */
        source?: string | null;
        /** Size of the source, where it is known */
        source_bytes?: number | string | null;
        /** What the load answered */
        answer: unknown;
        /** Whether rows were rejected */
        has_rejects: boolean;
        /** Do it, answer what was done, and undo it */
        dry_run?: boolean;
        /** Undo it when more rows than this are changed */
        max_affected?: number | null;
      };
      result: ExecResult;
    };
    /** Record rejected rows. Writes down the rows that a load has left out, many at once. */
    record_rejects: {
      arguments: {
        /** The load */
        load_id: string;
        /** One object for each row */
        rows: {
          /** From 1, in the order of the source */
          number: number;
          /** Line of the source */
          line: number | string;
          /** Column that was refused, where it is known */
          column_name?: string | null;
          /** Start of the refused value */
          value?: string | null;
          /** Why, in the words of PostgreSQL or of the reader */
          reason: string;
          /** PostgreSQL's code, where it was PostgreSQL */
          sqlstate?: string | null;
          /** Start of the record */
          record?: string | null;
        }[];
        /** Do it, answer what was done, and undo it */
        dry_run?: boolean;
        /** Undo it when more rows than this are changed */
        max_affected?: number | null;
      };
      result: ExecResult;
    };
    /**
     * The rejects of a load as a document. What the resource `sqlwright://loads/<id>/rejects` answers: the load, how many rows it has rejected, and the first 2,000 of them. Null
     * when there is no such load, or its rejects have expired.
     */
    reject_document: {
      arguments: {
        /** The load */
        id: string;
      };
      result: {
        report: {
          tool: string;
          /** What was loaded, as the caller named it; null for rows of the call */
          source: string | null;
          loaded_at: string;
          count: number;
          rejects: {
            /** Line of the source, element of a JSON array, or row of the call; from 1 */
            line: number;
            /** Column that was refused, where it is known */
            column: string | null;
            /** Start of the refused value */
            value: string | null;
            /** Why, in PostgreSQL's words or the reader's */
            reason: string;
            sqlstate: string | null;
            /** Start of the record as it stands in the source */
            record: string | null;
          }[];
        } | null;
      };
    };
    /**
     * Wait for a load with the same key. Waits until no other load with the same key runs; the turn ends with the transaction. A statement of its own, because the next one must
     * see what the other load has committed.
     */
    take_load_turn: {
      arguments: {
        /** Tool and key */
        load: string;
      };
      result: {
        value: string | null;
      };
    };
  };
  uploads: {
    /** Delete uploads that have expired. Deletes uploads whose time is over, with their bytes. */
    delete_expired: {
      arguments: ExecArguments;
      result: ExecResult;
    };
    /** Reserve more space for an upload. For an upload whose size nobody announced: reserves more, where the space has room, else no row is affected. */
    extend: {
      arguments: {
        /** Key of the upload */
        handle: string;
        /** What it counts against the space from now on */
        reserved_bytes: number | string;
        /** What all uploads together may have */
        space_bytes: number | string;
        /** Do it, answer what was done, and undo it */
        dry_run?: boolean;
        /** Undo it when more rows than this are changed */
        max_affected?: number | null;
      };
      result: ExecResult;
    };
    /** An upload by its key. An upload that is whole and has not expired. */
    find: {
      arguments: {
        /** Key of the upload */
        handle: string;
      };
      result: {
        row: {
          /** File name as the client gave it, without folders. */
          name: string;
          /** Bytes of the file; null while it is on its way. */
          size_bytes: number;
          /** SHA-256 of the bytes, in hexadecimal; null while it is on its way. */
          sha256: string | null;
          /** ISO 8601 */
          expires_at: string | null;
        } | null;
      };
    };
    /** Finish an upload. An upload is whole: its size and its hash are written down, and its time begins. No row is returned when it has expired on its way. */
    finish: {
      arguments: {
        /** Key of the upload */
        handle: string;
        /** Bytes of the file */
        size_bytes: number | string;
        /** SHA-256 of the bytes, in hexadecimal */
        sha256: string;
        /** How long it is kept, in milliseconds */
        ttl_ms: number | string;
        /** Do it, answer what was done, and undo it */
        dry_run?: boolean;
        /** Undo it when more rows than this are changed */
        max_affected?: number | null;
      };
      result: {
        /** Rows the statement changed */
        affected: number;
        /** Set when nothing was kept */
        dry_run?: boolean;
        rows: {
          /** ISO 8601 */
          expires_at: string | null;
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /** Bytes of an upload. One part of an upload, in PostgreSQL's hexadecimal; null when it is not there any more. */
    read_part: {
      arguments: {
        /** Key of the upload */
        handle: string;
        /** From 0 */
        position: number;
      };
      result: {
        value: string | null;
      };
    };
    /** Delete an upload. Deletes an upload with its bytes. */
    remove: {
      arguments: {
        /** Key of the upload */
        handle: string;
        /** Do it, answer what was done, and undo it */
        dry_run?: boolean;
        /** Undo it when more rows than this are changed */
        max_affected?: number | null;
      };
      result: ExecResult;
    };
    /** Reserve space for an upload. Writes down an upload that is on its way, where the space that all uploads may have has room for it: else no row is affected. */
    reserve: {
      arguments: {
        /** Key of the upload */
        handle: string;
        /** File name, without folders */
        name: string;
        /** What it counts against the space */
        reserved_bytes: number | string;
        /** How long it is kept, in milliseconds */
        ttl_ms: number | string;
        /** What all uploads together may have */
        space_bytes: number | string;
        /** Do it, answer what was done, and undo it */
        dry_run?: boolean;
        /** Undo it when more rows than this are changed */
        max_affected?: number | null;
      };
      result: ExecResult;
    };
    /** What an upload has reserved. The bytes that an upload counts against the space; null when it is not there any more. */
    reserved_bytes: {
      arguments: {
        /** Key of the upload */
        handle: string;
      };
      result: {
        /** What it counts against SQLWRIGHT_UPLOAD_SPACE. */
        value: number | null;
      };
    };
    /** Wait for the space of uploads. One upload at a time looks at the space, in all replicas of the server; the turn ends with the transaction. */
    take_space_turn: {
      arguments: Record<string, never>;
      result: {
        value: string | null;
      };
    };
    /** Write bytes of an upload. Takes the bytes of an upload, one mebibyte a row, in the binary format of COPY: no byte is written as text. */
    write_parts: {
      arguments: {
        /** The rows to load; give either rows or source */
        rows?: {
          /** Key of the upload */
          handle: string;
          /** From 0 */
          position: number;
          /** One mebibyte, the last one less */
          bytes: string;
        }[];
        /** Instead of rows: a file below the source folder, https://…, upload:<handle> or resource:<uri>; CSV, TSV, NDJSON or a JSON array, else binary; gzip or zip */
        source?: string;
        /** How source is read and what happens to bad rows; by default as its name and the file's COPY say */
        options?: {
          format?: "auto" | "csv" | "tsv" | "ndjson" | "json";
          compression?: "auto" | "none" | "gzip" | "zip";
          /** File in a zip */
          member?: string;
          /** Such as latin1; default utf-8 */
          encoding?: string;
          delimiter?: string;
          /** Empty: nothing is quoted */
          quote?: string;
          /** Text that stands for NULL */
          null?: string;
          /** The first line names the columns */
          header?: boolean;
          /** Name in source: column; null skips it */
          columns?: Record<string, string | null>;
          /** collect: bad rows are rejected, the others load */
          mode?: "all_or_nothing" | "collect";
          max_rejects?: number;
          /** A load with a key is done once */
          idempotency_key?: string;
        };
      };
      result: {
        /** Rows read from the input */
        copied: number;
        /** Rows new in the table */
        inserted?: number;
        /** Rows changed in the table */
        updated?: number;
        /** Rows deleted from the table */
        deleted?: number;
        /** Rows read that changed nothing there */
        unchanged?: number;
        /** Bad rows left out; always 0 unless mode is collect */
        rejected: number;
        rejects?: {
          /** As rejected */
          count: number;
          /** Where all of them can be read */
          resource: string | null;
          first: {
            line: number;
            column: string | null;
            value: string | null;
            reason: string;
            sqlstate: string | null;
          }[];
        };
        /** The idempotency key was loaded before: nothing was done now */
        already_loaded?: boolean;
      };
    };
  };
}
