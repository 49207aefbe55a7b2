/** Addresses as sources, asked of a server that misbehaves in every way that servers do. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";
import { createLog } from "../../../src/log.ts";
import type { SourceAccess } from "../../../src/load/source/model.ts";
import { project } from "../../harness.ts";
import { testWith } from "../../services.ts";
import { answerOf, type OddServer, withOddServer } from "./odd_server.ts";
import { failure, open, read } from "./reading.ts";

const rows = Array.from({ length: 50_000 }, (_, index) => `${index},${(index * 7919) % 99_991}\n`).join("");
const page = (title: string) =>
  `<!DOCTYPE html>\n<html><head><title> ${title}\n</title></head><body>…</body></html>`;
const csv = { "content-type": "text/csv; charset=utf-8" };

/** Only that server is on the list. */
const accessTo = ({ port }: OddServer, more: Partial<SourceAccess> = {}): SourceAccess => ({
  kind: "folder",
  directory: project,
  hosts: [{ hostname: "127.0.0.1", port }],
  ...more,
} as SourceAccess);

Deno.test("an address is streamed with its size and the extension of its path or of its type", async () => {
  await withOddServer(async ({ path }, write) => {
    await write(
      path.endsWith(".gz") ? answerOf("200 OK", {}, gzipSync(rows)) : answerOf("200 OK", csv, rows),
    );
  }, async (server) => {
    const access = accessTo(server);
    const { text, opened } = await read(`${server.base}/a%20b/fact.TSV?token=1#part`, access);
    assert.equal(text, rows);
    assert.deepEqual([opened.size, opened.consumed(), opened.extension], [rows.length, rows.length, "tsv"]);
    assert.equal((await read(`${server.base}/download`, access)).opened.extension, "csv");
    const packed = await read(`${server.base}/fact.csv.gz`, access);
    assert.equal(packed.text, rows);
    assert.equal(packed.opened.extension, "csv");
    assert.equal(packed.opened.consumed(), packed.opened.size);
  });
});

Deno.test("a body that is compressed for the way has no size, and counts what came out", async () => {
  const packed = gzipSync(rows);
  await withOddServer(async ({ path, headers }, write) => {
    assert.match(headers.get("accept-encoding") ?? "", /gzip/);
    if (path === "/zstd.csv") return await write(answerOf("200 OK", { "content-encoding": "zstd" }, "a"));
    await write(answerOf("200 OK", { ...csv, "content-encoding": "gzip" }, packed));
  }, async (server) => {
    const { text, opened } = await read(`${server.base}/fact.csv`, accessTo(server));
    assert.equal(text, rows);
    assert.deepEqual([opened.size, opened.consumed()], [null, rows.length]);
    const strange = await failure(`${server.base}/zstd.csv`, accessTo(server));
    assert.match(strange.message, /encodes its answer as "zstd"/);
    // What many servers do to a .gz file: it is text by now, whatever its name.
    assert.equal((await read(`${server.base}/fact.csv.gz`, accessTo(server))).text, rows);
  });
});

Deno.test("a connection that is cut names the byte", async () => {
  const packed = gzipSync(rows);
  await withOddServer(async ({ path }, write) => {
    if (path === "/plain.csv") {
      await write(answerOf("200 OK", csv, rows).subarray(0, headBytes(csv, rows) + 10_000));
    } else if (path === "/coded.csv") {
      const headers = { ...csv, "content-encoding": "gzip" };
      await write(answerOf("200 OK", headers, packed).subarray(0, headBytes(headers, packed) + 10_000));
    } else if (path === "/fact.csv.gz") {
      await write(answerOf("200 OK", {}, packed).subarray(0, headBytes({}, packed) + 10_000));
    } else {await write(
        `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2710\r\n${rows.slice(0, 10_000)}\r\n`,
      );}
  }, async (server) => {
    for (
      const [path, size] of [["plain.csv", rows.length], ["fact.csv.gz", packed.length], [
        "chunked",
        null,
      ]] as const
    ) {
      const error = await failure(`${server.base}/${path}`, accessTo(server));
      assert.equal(error.code, "load.source_cut", path);
      assert.deepEqual([error.details.byte, error.details.size], [10_000, size], path);
      assert.match(error.message, size === null ? /at byte 10000$/ : new RegExp(`at byte 10000 of ${size}$`));
    }
    const coded = await failure(`${server.base}/coded.csv`, accessTo(server));
    assert.equal(coded.code, "load.source_cut");
    assert.equal(coded.details.size, null);
  });
});

Deno.test("a server that stops sending, or never answers, is given up", async () => {
  const never = new AbortController();
  const waits = () => new Promise<void>((resolve) => never.signal.addEventListener("abort", () => resolve()));
  await withOddServer(async ({ path }, write) => {
    if (path === "/stall.csv") {
      await write(answerOf("200 OK", csv, rows).subarray(0, headBytes(csv, rows) + 10_000));
    }
    await waits();
  }, async (server) => {
    try {
      const stalled = await failure(`${server.base}/stall.csv`, accessTo(server, { stall_ms: 500 }));
      assert.equal(stalled.code, "load.source_cut");
      assert.match(stalled.message, /no byte came for 500 ms at byte 10000 of/);
      const silent = await failure(`${server.base}/silent.csv`, accessTo(server, { answer_ms: 100 }));
      assert.equal(silent.code, "load.source_unreadable");
      assert.match(silent.message, /did not answer within 100 ms/);
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error("cancelled")), 50);
      const call = open(`${server.base}/silent.csv`, accessTo(server), { signal: controller.signal });
      await assert.rejects(call, /cancelled/);
      const cancelled = new AbortController();
      const opened = await open(`${server.base}/stall.csv`, accessTo(server), { signal: cancelled.signal });
      await assert.rejects(async () => {
        for await (const _ of opened.bytes) setTimeout(() => cancelled.abort(new Error("later")), 20);
      }, /later/);
      await opened.close();
    } finally {
      never.abort();
    }
  });
});

Deno.test("a reader that stops does not wait for a server that stands still", async () => {
  const never = Promise.withResolvers<void>();
  const packed = gzipSync(
    await new Blob([crypto.getRandomValues(new Uint8Array(60_000)), rows, rows]).bytes(),
  );
  await withOddServer(async (_, write) => {
    await write(answerOf("200 OK", {}, packed).subarray(0, headBytes({}, packed) + packed.length - 1000));
    await never.promise;
  }, async (server) => {
    try {
      const opened = await open(`${server.base}/fact.csv.gz`, accessTo(server));
      const started_ms = performance.now();
      for await (const _ of opened.bytes) break;
      await opened.close();
      assert.ok(performance.now() - started_ms < 5000);
    } finally {
      never.resolve();
    }
  });
});

Deno.test("answers that are errors are told with status, title and what to do", async () => {
  const statuses: Record<string, string> = {
    "401": "401 Unauthorized",
    "403": "403 Forbidden",
    "404": "404 Not Found",
    "410": "410 Gone",
    "429": "429 Too Many Requests",
    "500": "500 Internal Server Error",
    "503": "503 Service Unavailable",
    "204": "204 No Content",
    "304": "304 Not Modified",
    // A part that nobody asked for is not the whole.
    "206": "206 Partial Content",
  };
  await withOddServer(async ({ path }, write) => {
    const headers = { "content-type": "text/html", "retry-after": "120" };
    const isEmpty = path === "/204" || path === "/304";
    await write(answerOf(statuses[path.slice(1)]!, headers, isEmpty ? "" : page("SEC.gov | Threshold")));
  }, async (server) => {
    for (const [status, words] of Object.entries(statuses)) {
      const error = await failure(`${server.base}/${status}`, accessTo(server));
      assert.equal(error.code, "load.source_unreadable", status);
      assert.ok(
        error.message.includes(`the server answered ${Number(status) < 400 ? status : words}`),
        error.message,
      );
      assert.deepEqual([error.details.status, error.details.retry_after], [Number(status), "120"]);
      if (Number(status) >= 400) assert.equal(error.details.title, "SEC.gov | Threshold");
    }
  });
});

Deno.test("a page that is answered with 200 is not loaded, and its title is told", async () => {
  await withOddServer(async ({ path }, write) => {
    const headers = path === "/typed" ? { "content-type": "Text/HTML; charset=utf-8" } : csv;
    await write(answerOf("200 OK", headers, path === "/sniffed" ? `\uFEFF\n${page("Log in")}` : "<p>no"));
  }, async (server) => {
    const sniffed = await failure(`${server.base}/sniffed`, accessTo(server));
    assert.equal(sniffed.code, "load.source_not_data");
    assert.match(sniffed.message, /answered 200 with a page titled "Log in" and not with data/);
    const typed = await failure(`${server.base}/typed`, accessTo(server));
    assert.equal(typed.code, "load.source_not_data");
    assert.equal((await read(`${server.base}/fact.csv`, accessTo(server))).text, "<p>no");
  });
});

Deno.test("each redirect is held against the list, and their number is bounded", async () => {
  await withOddServer(async ({ path }, write) => {
    const to: Record<string, string> = {
      "/relative": "fact.csv",
      "/off": "http://127.0.0.2:1/fact.csv",
      "/metadata": "http://169.254.169.254/latest",
      "/file": "file:///etc/passwd",
      "/user": "http://me:secret@127.0.0.1/",
      "/broken": "http://",
      "/loop": "/loop",
    };
    const location = to[path];
    await write(
      location === undefined
        ? answerOf("200 OK", csv, "a,b\n")
        : answerOf("302 Found", { location }, page("Moved")),
    );
  }, async (server) => {
    const access = accessTo(server);
    assert.equal((await read(`${server.base}/relative`, access)).text, "a,b\n");
    for (
      const [path, why] of [
        ["off", /redirects to an address that goes to "127\.0\.0\.2:1", which is not on the list/],
        ["metadata", /begins with http:\/\//],
        ["file", /begins with file:\/\//],
        ["user", /holds a user name or a password/],
      ] as const
    ) {
      const error = await failure(`${server.base}/${path}`, access);
      assert.equal(error.code, "load.source_refused", path);
      assert.match(error.message, why);
      assert.ok(!error.message.includes("secret"));
    }
    assert.match((await failure(`${server.base}/broken`, access)).message, /redirects to what is no address/);
    assert.match((await failure(`${server.base}/loop`, access)).message, /redirects more than 5 times/);
  });
});

Deno.test("the signature of an address is in no name, error or cause", async () => {
  const signed = (base: string) => `${base}/a.csv?X-Amz-Signature=s3cr3t&x=1`;
  await withOddServer((_, write) => write(answerOf("403 Forbidden", csv, "no")), async (server) => {
    const error = await failure(signed(server.base), accessTo(server));
    assert.ok(error.message.includes(`${server.base}/a.csv?…`), error.message);
    assert.ok(!`${error.message}${JSON.stringify(error.details)}`.includes("s3cr3t"));
  });
  const hosts = [{ hostname: "127.0.0.1", port: 1 }];
  const closed = await failure(signed("http://127.0.0.1:1"), { kind: "any", hosts });
  const lines: string[] = [];
  createLog({ level: "debug", write: (line) => lines.push(line) }).error("load.failed", { error: closed });
  assert.match(lines.join(), /"cause":\{/);
  assert.doesNotMatch(lines.join(), /s3cr3t/);
  await withOddServer((_, write) => write(answerOf("200 OK", csv, "a")), async (server) => {
    const opened = await open(signed(server.base), accessTo(server));
    assert.equal(opened.name, `${server.base}/a.csv?…`, "what the ledger keeps");
    await opened.close();
    assert.ok(server.requests[0]!.path.includes("s3cr3t"), "and it is asked whole");
  });
});

Deno.test("addresses off the list, without encryption or with a password are not asked at all", async () => {
  await withOddServer((_, write) => write(answerOf("200 OK", csv, "a")), async (server) => {
    const { port } = server;
    for (
      const address of [
        `http://localhost:${port}/a.csv`,
        `http://127.0.0.1:${port + 1}/a.csv`,
        `https://127.0.0.1/a.csv`,
        `http://me:secret@127.0.0.1:${port}/a.csv`,
        `http://127.0.0.1:${port}@example.org/a.csv`,
        `http://example.org/a.csv`,
        `https://`,
      ]
    ) {
      const error = await failure(address, accessTo(server));
      assert.equal(error.code, "load.source_refused", address);
      assert.ok(!error.message.includes("secret"), error.message);
      assert.ok(!JSON.stringify(error.details).includes("secret"));
    }
    // As a browser reads them: the same host and port.
    assert.equal((await read(`HTTP://127.1:${port}/a.csv`, accessTo(server))).text, "a");
    const hosts = [{ hostname: "example.org", port: 80 }];
    const plain = await failure("http://example.org/a.csv", accessTo(server, { hosts }));
    assert.match(plain.message, /begins with http:\/\//);
    assert.equal(server.requests.length, 1);
  });
  const closed = await failure("http://127.0.0.1:1/a.csv", {
    kind: "any",
    hosts: [{ hostname: "127.0.0.1", port: 1 }],
  });
  assert.equal(closed.code, "load.source_unreadable");
  assert.match(closed.message, /"127\.0\.0\.1:1" cannot be reached/);
});

Deno.test("a member of an archive is fetched by ranges, and only what is needed of it", async () => {
  const noise = crypto.getRandomValues(new Uint8Array(60_000));
  const writer = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false });
  for (let index = 0; index < 50; index++) await writer.add(`noise${index}`, new Uint8ArrayReader(noise));
  await writer.add("rows.csv", new Uint8ArrayReader(new TextEncoder().encode(rows)));
  const archive = await writer.close();
  let sent = 0;
  let etag = `"one"`;
  await withOddServer(async ({ path, headers }, write) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.get("range") ?? "") ?? [];
    const ranges = { "accept-ranges": "bytes", etag, "content-type": "application/zip" };
    if (path === "/plain.zip") return await write(answerOf("200 OK", {}, archive));
    if (first === undefined || headers.get("if-range") !== etag) {
      return await write(answerOf("200 OK", ranges, archive));
    }
    const part = archive.subarray(Number(first), Number(last) + 1);
    sent += part.length;
    const range = `bytes ${first}-${last}/${archive.length}`;
    await write(answerOf("206 Partial Content", { ...ranges, "content-range": range }, part));
    if (path === "/changes.zip") etag = `"two"`;
  }, async (server) => {
    const access = accessTo(server);
    const { text, opened } = await read(`${server.base}/all.zip#rows.csv`, access);
    assert.equal(text, rows);
    assert.equal(opened.consumed(), opened.size);
    assert.ok(sent < 1_000_000, `${sent} bytes of ${archive.length} were sent`);
    const plain = await failure(`${server.base}/plain.zip#rows.csv`, access);
    assert.equal(plain.code, "load.source_refused");
    assert.match(plain.message, /does not say that it answers ranges/);
    const changed = await failure(`${server.base}/changes.zip#rows.csv`, access);
    assert.equal(changed.code, "load.source_cut");
    assert.match(changed.message, /the file was changed while it was read/);
  });
});

testWith(
  "openssl",
  "over TLS the certificate counts, and the sandbox holds the same list of hosts",
  async (openssl) => {
    const folder = await Deno.makeTempDir({ prefix: "sqlwright_tls_" });
    try {
      const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
      const made = await new Deno.Command(openssl, {
        args: [
          ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
          ...["-keyout", key, "-out", cert, "-days", "1", "-subj", "/CN=localhost"],
          ...["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"],
        ],
        stdout: "null",
        stderr: "null",
      }).output();
      assert.ok(made.success, "openssl makes a certificate");
      const server = Deno.serve({
        hostname: "localhost",
        port: 0,
        key: await Deno.readTextFile(key),
        cert: await Deno.readTextFile(cert),
        onListen: () => {},
      }, () => new Response(rows, { headers: csv }));
      try {
        const { port } = server.addr;
        const run = async (flags: string[], env: Record<string, string>) => {
          const { stdout } = await new Deno.Command(Deno.execPath(), {
            args: [
              ...["run", "--no-prompt", "--cached-only", ...flags, `--allow-read=${project}`],
              ...[join(project, "tests/load/source/read_address.ts"), `https://localhost:${port}/fact.csv`],
            ],
            env,
          }).output();
          return new TextDecoder().decode(stdout).trim();
        };
        const net = `--allow-net=localhost:${port}`;
        assert.equal(await run([net], { DENO_CERT: cert }), `read ${rows.length}`);
        assert.match(await run([net], {}), /^load\.source_unreadable .*cannot be reached$/);
        assert.match(
          await run(["--allow-net=127.0.0.9"], { DENO_CERT: cert }),
          /^load\.source_unreadable .*the sandbox of this server does not let it reach "localhost:\d+"$/,
        );
      } finally {
        await server.shutdown();
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

const headBytes = (headers: Record<string, string>, body: string | Uint8Array) =>
  answerOf("200 OK", headers, body).length - body.length;
