/** Uploads over real HTTP and a real database: put, load, expire, and everything that goes wrong on the way. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { TextReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";
import type { Application } from "../../../src/app.ts";
import { UploadStore } from "../../../src/load/source/upload.ts";
import { createLog } from "../../../src/log.ts";
import { type HttpOptions, type HttpServer, serveHttp } from "../../../src/mcp/http/server.ts";
import { Pool } from "../../../src/postgres/pool.ts";
import { callContext, type TestDatabase, testOnEach, until, withDatabase, withTools } from "../../harness.ts";
import { failure, open, read } from "./reading.ts";

const log = createLog({ level: "error", write: () => {} });
const loadTool = {
  "shop/load_rows.sql": `-- name: load_rows :copy
-- Loads rows.
--
-- @column id     Number
-- @column value  Text

create temporary table staged (id bigint, value text) on commit drop;
copy staged (id, value) from stdin (format csv);
`,
};
const readTool = {
  "shop/count.sql": `-- name: count :value
-- One.

select 1 as one;
`,
};
const rows = (count: number) => Array.from({ length: count }, (_, id) => `${id},value ${id}\n`).join("");

Deno.test("an upload is kept, described, loaded by another replica, and deleted", async () => {
  await withDatabase(async (database) => {
    await withServer(database, async ({ base }, application) => {
      await withServer(database, async (other) => {
        const text = rows(100_000);
        const put = await fetch(`${base}/uploads?name=rows.csv`, { method: "PUT", body: text });
        assert.equal(put.status, 201);
        const upload = await put.json();
        assert.match(upload.handle, /^upload:[0-9a-f]{32}$/);
        const { handle, ...facts } = upload;
        assert.deepEqual({ ...facts, expires_at: "" }, {
          name: "rows.csv",
          size: text.length,
          sha256: createHash("sha256").update(text).digest("hex"),
          expires_at: "",
        });
        const left_ms = Date.parse(facts.expires_at) - Date.now();
        assert.ok(left_ms > 3_500_000 && left_ms <= 3_601_000, facts.expires_at);

        const address = `${other.base}${put.headers.get("location")}`;
        assert.deepEqual(await (await fetch(address)).json(), upload);
        const head = await fetch(address, { method: "HEAD" });
        assert.deepEqual([head.status, await head.text()], [200, ""]);
        const result = await application.callTool("shop_load_rows", { source: handle }, callContext());
        assert.equal(result.isError, false, result.text);
        assert.equal(result.structured.copied, 100_000);

        const removed = await fetch(address, { method: "DELETE" });
        assert.equal(removed.status, 204);
        assert.equal(await countOf(database, "upload_part"), 0);
        for (const method of ["GET", "DELETE"]) {
          const gone = await fetch(address, { method });
          assert.equal(gone.status, 404);
          await gone.body?.cancel();
        }
        const again = await application.callTool("shop_load_rows", { source: handle }, callContext());
        assert.match(again.text, /load\.source_unreadable.*there is no such upload, or no more/s);
      });
    });
  });
});

testOnEach("an upload is read as it was put, whole and in parts, also compressed", async (server) => {
  await withDatabase(async (database) => {
    await withStore(database, {}, async (store) => {
      const noise = crypto.getRandomValues(new Uint8Array(65_536));
      const parts = Array.from({ length: 150 }, (_, index) => noise.subarray(index));
      const bytes = await new Blob(parts as BlobPart[]).bytes();
      const upload = await put(store, "noise.csv.gz", gzipSync(bytes));
      const access = { kind: "folder", directory: ".", uploads: store } as const;
      const opened = await open(upload.handle, access);
      assert.deepEqual([opened.size, opened.extension], [upload.size, "csv"]);
      const hash = createHash("sha256");
      for await (const chunk of opened.bytes) hash.update(chunk);
      await opened.close();
      assert.equal(hash.digest("hex"), createHash("sha256").update(bytes).digest("hex"));

      const writer = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false });
      for (const name of ["a.csv", "b.csv"]) await writer.add(name, new TextReader(name));
      const archive = await put(store, "two.zip", await writer.close());
      assert.equal((await read(`${archive.handle}#b.csv`, access)).text, "b.csv");

      const plain = await put(store, "plain", bytes);
      const raw = await store.open(plain.handle, new AbortController().signal);
      for (
        const [offset, length] of [[0, 10], [1_048_570, 20], [9_000_000, 500_000], [3, 2_097_152]] as const
      ) {
        const found = await Array.fromAsync(raw.readRange!(offset, length));
        const range = await new Blob(found as BlobPart[]).bytes();
        assert.deepEqual(range, bytes.slice(offset, offset + length));
      }
      const empty = await put(store, "empty.csv", new Uint8Array());
      assert.equal((await read(empty.handle, access)).text, "");
      const deleted = await open(plain.handle, access);
      await assert.rejects(async () => {
        let isFirst = true;
        for await (const _ of deleted.bytes) {
          if (isFirst) await store.remove(plain.handle);
          isFirst = false;
        }
      }, /the upload was deleted while it was read, at byte \d+ of/);
      for (const handle of ["upload:", "upload:x", `upload:${"0".repeat(32)}`, `upload:' or true --`]) {
        assert.equal((await failure(handle, access)).code, "load.source_unreadable", handle);
      }
    });
  }, { server });
});

Deno.test("an upload that is too large is refused, announced or not, and leaves nothing", async () => {
  await withDatabase(async (database) => {
    await withServer(database, async ({ base }) => {
      const body = new Uint8Array(6_000_000);
      for (const each of [body, new Blob([body]).stream()]) {
        const answer = await fetch(`${base}/uploads?name=a.csv`, { method: "PUT", body: each });
        assert.equal(answer.status, 413);
        const { error } = await answer.json();
        assert.equal(error.code, "load.upload_too_large");
        assert.match(error.message, /more than 5000000 bytes/);
      }
      assert.equal(await countOf(database, "upload"), 0);
      assert.equal(await countOf(database, "upload_part"), 0);
    }, { SQLWRIGHT_MAX_UPLOAD: "5MB" });
  });
});

Deno.test("all uploads together have a space, also when many come at once", async () => {
  await withDatabase(async (database) => {
    await withServer(database, async ({ base }) => {
      const send = async (isAnnounced: boolean) => {
        const bytes = new Uint8Array(1_000_000);
        const body = isAnnounced ? bytes : new Blob([bytes]).stream();
        const answer = await fetch(`${base}/uploads?name=a.csv`, { method: "PUT", body });
        return { status: answer.status, json: await answer.json() };
      };
      const answers = await Promise.all([true, false, true, false, true, false, true, false].map(send));
      const kept = answers.filter(({ status }) => status === 201);
      assert.equal(kept.length, 3);
      for (const { status, json } of answers.filter((answer) => !kept.includes(answer))) {
        assert.equal(status, 507);
        assert.match(json.error.message, /all uploads together may have 3500000 bytes/);
      }
      assert.equal(await countOf(database, "upload"), 3);
      await (await fetch(`${base}/uploads/${kept[0]!.json.handle.slice(7)}`, { method: "DELETE" })).body
        ?.cancel();
      assert.equal((await send(false)).status, 201);
    }, { SQLWRIGHT_UPLOAD_SPACE: "3.5MB" });
  });
});

Deno.test("an upload that has expired is not there, and the next one deletes its bytes", async () => {
  await withDatabase(async (database) => {
    await withStore(database, { ttl_ms: 50 }, async (store) => {
      const { handle } = await put(store, "a.csv", new Uint8Array(100));
      await until("it has expired", async () => await store.find(handle) === null);
      assert.equal(await countOf(database, "upload"), 1);
      await put(store, "b.csv", new Uint8Array(100));
      assert.equal(await countOf(database, "upload"), 1);
      await until("the other one too", async () => {
        await store.sweep();
        return await countOf(database, "upload_part") === 0;
      });
    });
    await withStore(database, { ttl_ms: 1 }, async (store) => {
      await put(store, "a.csv", new Uint8Array(100));
    });
    // A new server sweeps what it finds.
    await withServer(
      database,
      () => until("it is deleted", async () => await countOf(database, "upload") === 0),
    );
  });
});

Deno.test("an upload whose client goes away, stalls or outlives the server leaves nothing", async () => {
  await withDatabase(async (database) => {
    await withServer(
      database,
      async ({ base }) => {
        const gone = await beginUpload(base);
        await until("parts have come", async () => await countOf(database, "upload_part") > 0, 20_000);
        gone.close();
        await until("nothing is left", async () => await countOf(database, "upload") === 0, 20_000);
      },
    );

    await withServer(
      database,
      async ({ base }) => {
        const slow = await beginUpload(base);
        assert.match(await answerTo(slow), /^HTTP\/1\.1 408 .*no byte came for 500 ms/s);
        assert.equal(await countOf(database, "upload"), 0);
        slow.close();
      },
      {},
      { bodyTimeout_ms: 500 },
    );

    await withServer(
      database,
      async ({ base, server }) => {
        const late = await beginUpload(base);
        await until("parts have come", async () => await countOf(database, "upload_part") > 0, 20_000);
        const stopped = server.stop();
        const other = await fetch(`${base}/uploads?name=b.csv`, { method: "PUT", body: "a" }).catch(() =>
          null
        );
        assert.notEqual(other?.status, 201);
        await other?.body?.cancel();
        await stopped;
        await until("nothing is left", async () => await countOf(database, "upload") === 0, 20_000);
        late.close();
      },
      {},
      { drain_ms: 50 },
    );
  });
});

Deno.test("the guards of the server hold for uploads, and what is no upload is refused", async () => {
  await withDatabase(async (database) => {
    await withServer(database, async ({ base, port }) => {
      const request = async (lines: string[]) => {
        const connection = await Deno.connect({ hostname: "127.0.0.1", port });
        await write(connection, `${lines.join("\r\n")}\r\nconnection: close\r\n\r\nabc`);
        const answer = await answerTo(connection);
        connection.close();
        return answer;
      };
      const put = "PUT /uploads?name=a.csv HTTP/1.1";
      const here = `host: 127.0.0.1:${port}`;
      const length = "content-length: 3";
      assert.match(await request([put, "host: evil.example", length]), /^HTTP\/1\.1 403 .*Invalid Host/s);
      assert.match(
        await request([put, here, "origin: https://evil.example", length]),
        /^HTTP\/1\.1 403 .*Invalid Origin/s,
      );
      assert.match(await request([put, here, length]), /^HTTP\/1\.1 201 /);
      const names: [string, string | null, number, string?][] = [
        ["", null, 400],
        ["?name=", null, 400],
        ["?name=..", null, 400],
        [`?name=${"a".repeat(256)}`, null, 400],
        ["?name=a%0Ab.csv", null, 400],
        ["?name=..%2F..%2Fetc%2Fb.csv", null, 201, "b.csv"],
        ["", `attachment; filename="c:\\\\d\\\\e f.csv"`, 201, "e f.csv"],
        ["", "attachment; filename=plain.csv; filename*=UTF-8''na%C3%AFve.csv", 201, "naïve.csv"],
        ["", "attachment; filename*=UTF-8''%FF", 400],
      ];
      for (const [query, disposition, status, name] of names) {
        const headers: Record<string, string> = disposition === null
          ? {}
          : { "content-disposition": disposition };
        const answer = await fetch(`${base}/uploads${query}`, { method: "PUT", body: "a", headers });
        const json = await answer.json();
        assert.deepEqual([answer.status, json.name], [status, name], `${query} ${disposition}`);
      }
      for (
        const [method, path, status] of [
          ["GET", "/uploads", 405],
          ["POST", "/uploads?name=a", 405],
          ["DELETE", "/uploads", 405],
          ["PUT", `/uploads/${"0".repeat(32)}`, 405],
          ["GET", "/uploads/none", 404],
          ["GET", "/uploadsx", 404],
        ] as const
      ) {
        const answer = await fetch(base + path, { method });
        assert.equal(answer.status, status, `${method} ${path}`);
        await answer.body?.cancel();
      }
      const coded = await fetch(`${base}/uploads?name=a`, {
        method: "PUT",
        body: "a",
        headers: { "content-encoding": "gzip" },
      });
      assert.equal(coded.status, 415);
      await coded.body?.cancel();
    });
    await withServer(
      database,
      async ({ base }) => {
        const answer = await fetch(`${base}/uploads?name=a`, { method: "PUT", body: "a" });
        assert.equal(answer.status, 404);
        assert.match(await answer.text(), /Not found/);
      },
      {},
      { files: readTool },
    );
  });
});

Deno.test("a database without the migrations says so", async () => {
  await withDatabase(async (database) => {
    await withServer(database, async ({ base }) => {
      const answer = await fetch(`${base}/uploads?name=a`, { method: "PUT", body: "a" });
      assert.equal(answer.status, 503);
      const { error } = await answer.json();
      assert.equal(error.code, "load.upload_refused");
      assert.match(error.message, /has no place for uploads/);
      assert.match(error.hint, /migrate/);
    });
  }, { isEmpty: true });
});

interface Served {
  base: string;
  port: number;
  server: HttpServer;
}

/** An application with its HTTP server; uploads are on unless the files have no `:copy` tool. */
async function withServer(
  database: TestDatabase,
  use: (served: Served, application: Application) => Promise<void>,
  variables: Record<string, string> = {},
  { files = loadTool, ...options }: Partial<HttpOptions> & { files?: Record<string, string> } = {},
): Promise<void> {
  await withTools(database, files, async (_call, application) => {
    const server = await serveHttp(application, { hostname: "127.0.0.1", port: 0, log, ...options });
    try {
      await use({ base: `http://127.0.0.1:${server.port}`, port: server.port, server }, application);
    } finally {
      await server.stop();
    }
  }, variables);
}

async function withStore(
  database: TestDatabase,
  limits: { ttl_ms?: number },
  use: (store: UploadStore) => Promise<void>,
): Promise<void> {
  const pool = new Pool({
    url: database.serverUrl,
    size: 2,
    queueSize: 64,
    queueTimeout_ms: 5000,
    connectTimeout_ms: 5000,
    parameters: {},
  });
  try {
    await use(new UploadStore(pool, { maximumBytes: 1e9, spaceBytes: 2e9, ttl_ms: 3_600_000, ...limits }));
  } finally {
    await pool.close();
  }
}

function put(store: UploadStore, name: string, bytes: Uint8Array) {
  async function* body() {
    for (let start = 0; start < bytes.length; start += 100_000) {
      yield await Promise.resolve(bytes.subarray(start, start + 100_000));
    }
  }
  return store.put({ name, body: body(), size: null, signal: new AbortController().signal });
}

async function countOf({ sql }: TestDatabase, table: "upload" | "upload_part"): Promise<number> {
  const [row] = await sql.unsafe(`select count(*)::integer as count from sqlwright.${table}`);
  return row!.count;
}

/** A client that announces 20 MB and sends 9. */
async function beginUpload(base: string): Promise<Deno.TcpConn> {
  const { port, host } = new URL(base);
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  await write(
    connection,
    `PUT /uploads?name=a.csv HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 20000000\r\n\r\n`,
  );
  await write(connection, new Uint8Array(9_000_000));
  return connection;
}

async function write(connection: Deno.Conn, part: string | Uint8Array): Promise<void> {
  const bytes = typeof part === "string" ? new TextEncoder().encode(part) : part;
  for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
}

/** What comes until the end, or until the body is there. */
async function answerTo(connection: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(16_384);
  let text = "";
  while (!/\r\n\r\n.+/s.test(text)) {
    const length = await connection.read(buffer).catch(() => null);
    if (length === null) break;
    text += decoder.decode(buffer.subarray(0, length), { stream: true });
  }
  return text;
}
