/** What a browser sees at `/`. */

import assert from "node:assert/strict";
import { serveHttp } from "../../../src/mcp/http/server.ts";
import { echoApplication, memoryLog } from "../echo_application.ts";

async function withPage(
  options: { publicUrl?: string },
  use: (port: number) => Promise<void>,
): Promise<void> {
  const server = await serveHttp(echoApplication(), {
    hostname: "127.0.0.1",
    port: 0,
    log: memoryLog().log,
    ...options,
  });
  try {
    await use(server.port);
  } finally {
    await server.stop();
  }
}

Deno.test("a browser at / reads what this is, how to connect and where health is", () =>
  withPage({}, async (port) => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { accept: "text/html" } });
    const text = await answer.text();
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), "text/html; charset=utf-8");
    assert.match(answer.headers.get("content-security-policy")!, /default-src 'none'/);
    assert.match(text, /<h1>Echo<\/h1>/);
    assert.ok(text.includes(`http://127.0.0.1:${port}/mcp`));
    assert.match(text, /href="\/health\/ready"/);
    assert.doesNotMatch(text, /<script|echo_/, "no program, and no tool is named");
    const head = await fetch(`http://127.0.0.1:${port}/`, { method: "HEAD" });
    assert.deepEqual([head.status, await head.text()], [200, ""]);
    const post = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: "x" });
    await post.body?.cancel();
    assert.deepEqual([post.status, post.headers.get("allow")], [405, "GET, HEAD"]);
  }));

Deno.test("the page names the public address, and is refused to names that are not this server's", () =>
  withPage({ publicUrl: "https://data.example.com" }, async (port) => {
    const text = await (await fetch(`http://127.0.0.1:${port}/`)).text();
    assert.ok(text.includes("https://data.example.com/mcp"));
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const request = "GET / HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n";
    await connection.write(new TextEncoder().encode(request));
    const answer = await new Response(connection.readable).text();
    assert.match(answer, /^HTTP\/1\.1 403 /);
  }));
