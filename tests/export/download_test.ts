/** Links of exports and their downloads: what they say, whom they serve, and everything that can go wrong midway. */

import assert from "node:assert/strict";
import type { Application } from "../../src/app.ts";
import { SqlwrightError } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import { downloaderOf } from "../../src/mcp/http/download.ts";
import { serveHttp } from "../../src/mcp/http/server.ts";
import { readLink, writeLink } from "../../src/export/link.ts";
import { callContext, type TestDatabase, until } from "../harness.ts";
import { limits, type Served, withExports } from "./exporting.ts";

Deno.test("a link says what it exports and until when, and cannot be changed", () => {
  const secret = new TextEncoder().encode("a secret of the test");
  const request = { tool: "odd_values", args: { least: 2 }, format: "csv" as const };
  const token = writeLink(request, new Date(Date.now() + 60_000), secret);
  assert.deepEqual(readLink(token, secret), request);
  const codeOf = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      return (error as SqlwrightError).code;
    }
  };
  const other = token.slice(0, 60) + (token[60] === "A" ? "B" : "A") + token.slice(61);
  assert.equal(codeOf(() => readLink(other, secret)), "export.link_invalid");
  assert.equal(codeOf(() => readLink(token, new Uint8Array(20))), "export.link_invalid");
  assert.equal(codeOf(() => readLink("", secret)), "export.link_invalid");
  assert.equal(codeOf(() => readLink("../x", secret)), "export.link_invalid");
  assert.equal(codeOf(() => readLink(token, secret, new Date(Date.now() + 61_000))), "export.link_expired");
  assert.equal(
    codeOf(() => writeLink({ ...request, args: { q: "x".repeat(9000) } }, new Date(), secret)),
    "export.refused",
  );
});

async function withServer<T>(use: (served: Served & { origin: string }) => Promise<T>, own = {}): Promise<T> {
  let origin = "";
  return await withExports(async (served) => {
    const log = createLog({ level: "error", write: () => {} });
    const server = await serveHttp(served.application, {
      hostname: "127.0.0.1",
      port: 0,
      log,
      drain_ms: 200,
      answerDownload: downloaderOf({
        host: served.application.host,
        limits: { ...limits, ...own },
        maximum: 2,
      }),
    });
    origin = `http://127.0.0.1:${server.port}`;
    try {
      return await use({ ...served, origin });
    } finally {
      await server.stop();
    }
  }, { baseUrl: () => origin });
}

async function linkOf(
  application: Application,
  tool: string,
  args: Record<string, unknown>,
  format = "csv",
): Promise<string> {
  const result = await application.callTool(
    "sqlwright_export",
    { tool, arguments: args, format },
    callContext(),
  );
  assert.equal(result.isError, false, result.text);
  assert.equal(result.links?.[0]?.uri, result.structured.url);
  return String(result.structured.url);
}

Deno.test("sqlwright_export answers a link that downloads the whole result", async () => {
  await withServer(async ({ application, origin }) => {
    const tools = await fetch(`${origin}/mcp`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
    }).then((response) => response.json());
    assert.ok(tools.result.tools.some(({ name }: { name: string }) => name === "sqlwright_export"));
    const call = await fetch(`${origin}/mcp`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 2,
        method: "tools/call",
        params: { name: "sqlwright_export", arguments: { tool: "odd_numbers", arguments: { most: 30_000 } } },
      }),
    }).then((response) => response.json());
    const { content, structuredContent } = call.result;
    assert.deepEqual(content.map(({ type }: { type: string }) => type), ["text", "resource_link"]);
    assert.equal(content[1].uri, structuredContent.url);
    const response = await fetch(structuredContent.url);
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type")!, /^text\/csv/);
    assert.match(
      response.headers.get("content-disposition")!,
      /^attachment; filename="odd_numbers-.*\.csv"$/,
    );
    assert.equal((await response.text()).split("\n").length, 30_002);
    const wrong = await application.callTool(
      "sqlwright_export",
      { tool: "odd_numbers", arguments: {} },
      callContext(),
    );
    assert.equal((wrong.structured.error as { code: string }).code, "argument.invalid");
  });
});

Deno.test("a download is compressed for a client that asks for it", async () => {
  await withServer(async ({ application }) => {
    const { port, pathname, hostname } = new URL(await linkOf(application, "odd_numbers", { most: 50_000 }));
    const cases = [["gzip", "gzip"], ["gzip;q=0.5, br", "br"], ["br;q=0", null]] as const;
    for (const [accepted, encoding] of cases) {
      const target = { hostname, port: Number(port) };
      const head = await rawHead(target, pathname, `accept-encoding: ${accepted}\r\n`);
      assert.equal(/content-encoding: (\w+)/i.exec(head)?.[1] ?? null, encoding);
    }
    // fetch asks for it by itself, and undoes it.
    const text = await fetch(`http://${hostname}:${port}${pathname}`).then((response) => response.text());
    assert.equal(text.trimEnd().split("\n").length, 50_001);
  });
});

async function rawHead(
  target: { hostname: string; port: number },
  path: string,
  header: string,
): Promise<string> {
  const connection = await Deno.connect(target);
  try {
    const request = `GET ${path} HTTP/1.1\r\nhost: localhost\r\n${header}\r\n`;
    await connection.write(new TextEncoder().encode(request));
    const bytes = new Uint8Array(4096);
    let text = "";
    while (!text.includes("\r\n\r\n")) {
      const length = await connection.read(bytes);
      if (length === null) break;
      text += new TextDecoder("latin1").decode(bytes.subarray(0, length));
    }
    return text.split("\r\n\r\n")[0]!;
  } finally {
    connection.close();
  }
}

const sessionsAtWork = async ({ sql }: TestDatabase) => {
  const [row] = await sql`
    select count(*)::int as busy from pg_stat_activity
    where datname = current_database() and application_name = 'sqlwright' and state <> 'idle'`;
  return row!.busy as number;
};

Deno.test("a client that goes away cancels its statement", async () => {
  await withServer(async ({ application, database }) => {
    const controller = new AbortController();
    const response = await fetch(await linkOf(application, "odd_stream", { most: 1e9 }, "ndjson"), {
      signal: controller.signal,
    });
    const reader = response.body!.getReader();
    await reader.read();
    assert.equal(await sessionsAtWork(database), 1);
    controller.abort();
    await reader.read().catch(() => {});
    await until("the statement has ended", async () => await sessionsAtWork(database) === 0);
  });
});

Deno.test("a client that does not read holds the statement back, and memory too", async () => {
  await withServer(async ({ application, database }) => {
    const response = await fetch(await linkOf(application, "odd_stream", { most: 1e9 }, "csv"), {
      headers: { "accept-encoding": "identity" },
    });
    let waited = 0;
    await until("the session waits for the client, time after time", async () => {
      const [row] = await database.sql`
        select count(*)::int as waiting from pg_stat_activity
        where datname = current_database() and state = 'active' and wait_event = 'ClientWrite'`;
      waited = row!.waiting === 1 ? waited + 1 : 0;
      return waited === 10;
    });
    await response.body!.cancel();
    await until("the transaction has ended", async () => await sessionsAtWork(database) === 0);
  });
});

Deno.test("an error before the first byte is an answer, and one after it breaks the connection", async () => {
  await withServer(async ({ application, origin }) => {
    const broken = await fetch(await linkOf(application, "odd_stops", {}));
    assert.equal(broken.status, 200);
    await assert.rejects(() => broken.text(), "half a file must not look whole");
    const invalid = await fetch(`${origin}/exports/AAAA`);
    assert.equal(invalid.status, 404);
    assert.equal((await invalid.json()).error.code, "export.link_invalid");
    const post = await fetch(await linkOf(application, "odd_words", {}), { method: "POST", body: "x" });
    assert.equal(post.status, 405);
    await post.body?.cancel();
    const foreign = await fetch(await linkOf(application, "odd_words", {}), {
      headers: { origin: "https://evil.example" },
    });
    assert.equal(foreign.status, 403);
    await foreign.body?.cancel();
  });
});

Deno.test("more downloads than allowed are told to come later", async () => {
  await withServer(async ({ application }) => {
    const link = await linkOf(application, "odd_stream", { most: 1e9 });
    const responses = [await fetch(link), await fetch(link)];
    const third = await fetch(link);
    assert.equal(third.status, 503);
    assert.equal(third.headers.get("retry-after"), "5");
    await third.body?.cancel();
    for (const response of responses) await response.body!.cancel();
  });
});
