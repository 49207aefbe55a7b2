/** What belongs to a caller beside calls: uploads, exports, rejected rows; and who one is where there are no tokens. */

import assert from "node:assert/strict";
import { type Guarded, initialize, jsonHeaders, requestOf, withGuarded } from "./guarded.ts";

async function call(
  { post }: Guarded,
  token: string | null,
  name: string,
  args: Record<string, unknown> = {},
) {
  const { message, headers } = requestOf("legacy", "tools/call", { name, arguments: args });
  const response = await post(message, token, headers);
  const { result, error } = await response.json();
  return { status: response.status, result, error };
}

async function readText({ post }: Guarded, token: string, uri: string): Promise<string | null> {
  const { message } = requestOf("legacy", "resources/read", { uri });
  const text = await (await post(message, token)).text();
  const data = text.split("\n").find((line) => line.startsWith("data: {"));
  return JSON.parse(data?.slice(6) ?? text).result?.contents[0].text ?? null;
}

Deno.test("an upload belongs to its subject: for others its handle leads nowhere", async () => {
  await withGuarded(async (guarded) => {
    const { origin, issuer, database } = guarded;
    const [ada, bob] = await Promise.all(["ada", "bob"].map((name) => issuer.bearer(name, "secret:write")));
    const body = "1,One\n2,Two\n";
    const put = await fetch(`${origin}/uploads?name=p.csv`, {
      method: "PUT",
      body,
      headers: { authorization: ada! },
    });
    assert.equal(put.status, 201);
    const upload = await put.json();
    const address = `${origin}${put.headers.get("location")}`;
    const status = async (method: string, token: string) => {
      const response = await fetch(address, { method, headers: { authorization: token } });
      const text = await response.text();
      return [response.status, text === "" ? null : JSON.parse(text)];
    };
    assert.deepEqual(await status("GET", ada!), [200, upload]);
    for (const method of ["GET", "DELETE"]) {
      assert.deepEqual(await status(method, bob!), [404, { error: "There is no such upload, or no more" }]);
    }
    const stolen = await call(guarded, bob!, "secret_load", { source: upload.handle });
    assert.match(
      stolen.result.content[0].text,
      /load\.source_unreadable.*there is no such upload, or no more/,
    );
    // What stands in the table is no handle either.
    const [{ handle }] = await database.sql`select handle from sqlwright.upload` as unknown as [
      { handle: string },
    ];
    assert.notEqual(`upload:${handle}`, upload.handle);
    for (const token of [ada, bob]) {
      const guessed = await call(guarded, token!, "secret_load", { source: `upload:${handle}` });
      assert.match(guessed.result.content[0].text, /there is no such upload/);
    }
    // Another token of the same subject will do.
    const again = await issuer.bearer("ada", "secret:write other");
    const loaded = await call(guarded, again, "secret_load", { source: upload.handle });
    assert.equal(loaded.result.structuredContent.copied, 2, JSON.stringify(loaded));
    assert.deepEqual(await status("DELETE", again), [204, null]);

    const poor = await fetch(`${origin}/uploads?name=p.csv`, {
      method: "PUT",
      body,
      headers: { authorization: await issuer.bearer("carl", "secret:read") },
    });
    assert.equal(poor.status, 403, "whoever can load nothing can keep nothing");
    assert.match(poor.headers.get("www-authenticate")!, /insufficient_scope.*scope="secret:write"/);
    assert.equal((await poor.json()).error.code, "auth.scope_missing");
  });
});

Deno.test("an export asks for the scopes of what it exports; its link is an authority of its own", async () => {
  await withGuarded(async (guarded) => {
    const { issuer, lines } = guarded;
    const args = { tool: "secret_figures", arguments: { is_even: false } };
    const refused = await call(guarded, await issuer.bearer("bob", "secret:write"), "sqlwright_export", args);
    assert.equal(refused.result.isError, true);
    assert.match(refused.result.content[0].text, /auth\.scope_missing.*secret:read/s);
    const made = await call(guarded, await issuer.bearer("ada", "secret:read"), "sqlwright_export", args);
    const { url } = made.result.structuredContent;
    assert.equal(await (await fetch(url)).text(), "value\n1\n3\n");
    const done = lines.map((line) => JSON.parse(line)).find(({ event }) => event === "export.done");
    assert.deepEqual([done.tool, done.caller], ["secret_figures", "ada"]);
    const changed = await fetch(`${url.slice(0, -4)}AAAA`);
    assert.equal(changed.status, 404);
    await changed.body?.cancel();
  });
});

Deno.test("rejected rows are for those who may load, and a resource that is hidden cannot be loaded", async () => {
  await withGuarded(async (guarded) => {
    const { issuer } = guarded;
    const writer = await issuer.bearer("ada", "secret:write");
    const { result } = await call(guarded, writer, "secret_load", {
      rows: [{ id: 1, title: "right" }, { id: 1, title: "twice" }],
      options: { mode: "collect" },
    });
    const uri = result.structuredContent.rejects.resource;
    assert.match((await readText(guarded, writer, uri))!, /twice/);
    assert.match((await readText(guarded, await issuer.bearer("bob", "secret:write"), uri))!, /twice/);
    assert.equal(await readText(guarded, await issuer.bearer("bob", "secret:read"), uri), null);

    const source = "resource:sqlwright://sql/secret/figures.sql";
    const hidden = await call(guarded, writer, "secret_load", { source, options: { format: "csv" } });
    assert.match(hidden.result.content[0].text, /this server has no such resource/);
    const seen = await call(guarded, await issuer.bearer("ada", "secret:write secret:read"), "secret_load", {
      source,
      options: { format: "csv" },
    });
    assert.doesNotMatch(seen.result.content[0].text, /this server has no such resource/);
  });
});

/** One request with a Host of one's own. */
async function raw(
  port: number,
  host: string,
  message: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; head: string; body: string }> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const body = JSON.stringify(message);
  const lines = Object.entries({ ...jsonHeaders, ...headers }).map(([name, value]) =>
    `${name}: ${value}\r\n`
  );
  await connection.write(new TextEncoder().encode(
    `POST /mcp HTTP/1.1\r\nhost: ${host}\r\n${
      lines.join("")
    }content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  ));
  let text = "";
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  for (let read; (read = await connection.read(buffer)) !== null;) {
    text += decoder.decode(buffer.subarray(0, read));
  }
  const [head = "", ...rest] = text.split("\r\n\r\n");
  return { status: Number(text.split(" ")[1]), head, body: rest.join("\r\n\r\n") };
}

const list = { jsonrpc: "2.0", id: 1, method: "tools/list" };
const shred = {
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "secret_shred", arguments: {} },
};

Deno.test("without tokens the local user may use everything, and whoever comes by another name only what has no scope", async () => {
  await withGuarded(async ({ port, origin }) => {
    for (const host of ["localhost", `127.0.0.1:${port}`, "[::1]:1"]) {
      assert.match((await raw(port, host, list)).body, /secret_shred/, host);
      assert.equal((await raw(port, host, shred)).status, 200);
    }
    const foreign: [string, Record<string, string>][] = [
      ["tools.example", {}],
      ["TOOLS.example:8443", {}],
      ["localhost", { "x-forwarded-for": "203.0.113.9" }],
      ["127.0.0.1", { forwarded: "for=203.0.113.9" }],
      // A token is nobody's where none can be judged.
      ["tools.example", { authorization: "Bearer a.b.c" }],
    ];
    for (const [host, headers] of foreign) {
      const listed = await raw(port, host, list, headers);
      assert.match(listed.body, /open_hello/);
      assert.doesNotMatch(listed.body, /secret|tend/);
      for (const version of ["2025-11-25", "2024-11-05"]) {
        const refused = await raw(port, host, shred, { ...headers, "mcp-protocol-version": version });
        assert.equal(refused.status, 403, host);
        assert.match(refused.body, /auth\.scope_missing/);
        assert.doesNotMatch(refused.head, /www-authenticate/i);
      }
      const { message, headers: modern } = requestOf("modern", "tools/call", shred.params);
      assert.equal((await raw(port, host, message, { ...headers, ...modern })).status, 403);
    }
    assert.equal((await raw(port, "evil.example", list)).status, 403);
    // A session of the local user is nothing that helps.
    const opened = await fetch(`${origin}/mcp`, {
      method: "POST",
      headers: jsonHeaders,
      body: JSON.stringify(initialize),
    });
    await opened.body?.cancel();
    const session = { "mcp-session-id": opened.headers.get("mcp-session-id")! };
    assert.equal((await raw(port, "tools.example", shred, session)).status, 403);
    for (const path of ["", "/mcp"]) {
      const metadata = await fetch(`${origin}/.well-known/oauth-protected-resource${path}`);
      assert.equal(metadata.status, 404);
      await metadata.body?.cancel();
    }
  }, { hasTokens: false, http: { allowedHosts: ["tools.example"] } });
});

Deno.test("without tokens a server that listens to other machines knows nobody, whatever name they use", async () => {
  await withGuarded(async ({ port }) => {
    for (const host of ["localhost", "127.0.0.1"]) {
      assert.doesNotMatch((await raw(port, host, list)).body, /secret/, host);
      assert.equal((await raw(port, host, shred)).status, 403, host);
    }
  }, { hasTokens: false, http: { hostname: "0.0.0.0" } });
});
