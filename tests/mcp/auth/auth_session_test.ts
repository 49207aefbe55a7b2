/** What a scope holds against: odd messages, headers and batches; sessions and subscriptions; files that break. */

import assert from "node:assert/strict";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { until } from "../../harness.ts";
import { answerOf, eras, guardedFiles, initialize, requestOf, withGuarded } from "./guarded.ts";

Deno.test("no header, batch, session or odd message gets around a scope", async () => {
  await withGuarded(async (guarded) => {
    const { post, issuer, database } = guarded;
    await database.sql`insert into secret.paper values (1, 'kept')`;
    const token = await issuer.bearer("bob", "secret:write");
    const opened = await post(initialize, token);
    const session = opened.headers.get("mcp-session-id")!;
    await opened.body?.cancel();
    const call = {
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "secret_shred", arguments: {} },
    };
    const { message: modern, headers: modernHeaders } = requestOf("modern", "tools/call", call.params);
    const hello = { ...call, id: 2, params: { name: "open_hello", arguments: {} } };
    const messages: unknown[] = [
      call,
      modern,
      [call],
      [hello, call],
      { ...call, extra: true },
      { ...call, id: null },
      { jsonrpc: "2.0", method: "tools/call", params: call.params },
      { ...call, jsonrpc: "1.0" },
      { ...call, params: { ...call.params, _meta: { progressToken: 1 } } },
      { ...call, params: { ...call.params, _meta: { "io.modelcontextprotocol/protocolVersion": "1" } } },
      { ...call, params: { ...call.params, task: { ttl: 1000 } } },
    ];
    const headers: Record<string, string>[] = [
      {},
      { "mcp-session-id": session },
      ...["2024-10-07", "2025-03-26", "2025-11-25", "2026-07-28", "1999"].map((version) => ({
        "mcp-protocol-version": version,
      })),
      { ...modernHeaders },
      { ...modernHeaders, "mcp-name": "open_hello" },
      { "mcp-protocol-version": "2025-03-26", "mcp-session-id": session },
      { "x-forwarded-for": "127.0.0.1", "x-scope": "secret:admin" },
    ];
    for (const message of messages) {
      for (const more of headers) {
        const response = await post(message, token, more);
        const text = await response.text();
        assert.equal(response.status, 403, `${JSON.stringify(message)} ${JSON.stringify(more)} ${text}`);
        assert.match(response.headers.get("www-authenticate")!, /scope="secret:write secret:admin"/);
      }
    }
    const [{ count }] = await database
      .sql`select count(*)::integer as count from secret.paper` as unknown as [{ count: number }];
    assert.equal(count, 1);
    // What the endpoint's own look would miss the call itself refuses.
    const { application } = guarded;
    const context = { signal: new AbortController().signal, progress: () => {}, correlationId: "test" };
    const caller = { subject: "bob", client: null, scopes: new Set<string>(), claims: {} };
    for (const name of ["secret_shred", "secret_figures", "tend_papers"]) {
      await assert.rejects(application.callTool(name, {}, { ...context, caller }), {
        code: "auth.scope_missing",
      });
    }
  });
});

Deno.test("a session is its subject's: another's token, an expired one and none get nothing from it", async () => {
  await withGuarded(async (guarded) => {
    const { post, issuer, url } = guarded;
    const ada = await issuer.bearer("ada", "secret:read");
    const opened = await post(initialize, ada);
    const session = { "mcp-session-id": opened.headers.get("mcp-session-id")! };
    await opened.body?.cancel();
    const list = { jsonrpc: "2.0", id: 1, method: "tools/list" };
    const odd = { jsonrpc: "2.0", id: 1, method: "resources/list" };
    const status = async (token: string | null, message: unknown = list) => {
      const response = await post(message, token, session);
      await response.body?.cancel();
      return response.status;
    };
    assert.equal(await status(ada), 200);
    const bob = await issuer.bearer("bob", "secret:read secret:write secret:admin");
    for (
      const message of [list, odd, {
        jsonrpc: "2.0",
        method: "notifications/cancelled",
        params: { requestId: 1 },
      }]
    ) {
      assert.deepEqual([await status(bob, message), await status(null, message)], [404, 401]);
    }
    for (const method of ["GET", "DELETE"]) {
      for (const [token, expected] of [[bob, 404], ["", 401]] as const) {
        const headers = { ...session, accept: "text/event-stream", ...(token && { authorization: token }) };
        const response = await fetch(url, { method, headers });
        assert.equal(response.status, expected, method);
        await response.body?.cancel();
      }
    }
    // The same subject with another token has that token's scopes, not those of the session's beginning.
    const poor = await issuer.bearer("ada", "");
    const rich = await issuer.bearer("ada", "secret:read secret:write secret:admin");
    const names = async (token: string, message: unknown) =>
      JSON.stringify(await answerOf(await post(message, token, session)));
    for (const message of [list, odd]) {
      assert.doesNotMatch(await names(poor, message), /secret/);
      assert.match(await names(rich, message), /secret.shred/);
      assert.doesNotMatch(await names(poor, message), /secret/);
    }
    // Nothing of a token outlives it.
    const short = await issuer.bearer("ada", "", { exp: Math.floor(Date.now() / 1000) - 9 });
    await until("the token has expired", async () => await status(short) === 401, 3000);
    assert.equal(await status(short), 401);
    assert.equal(await status(ada), 200);
  });
});

Deno.test("who subscribes hears of what it may see, and of nothing else", async () => {
  await withGuarded(async (guarded) => {
    const { url, issuer, application, directory } = guarded;
    const heard = new Map<string, string[]>();
    const clients: Client[] = [];
    for (const [subject, scope] of [["ada", "secret:read"], ["bob", ""]] as const) {
      for (const era of eras) {
        const name = `${subject} ${era}`;
        heard.set(name, []);
        const client = new Client({ name: "test", version: "1" }, {
          versionNegotiation: { mode: era === "legacy" ? "legacy" : { pin: "2026-07-28" } },
        });
        client.setNotificationHandler("notifications/resources/updated", ({ params }) => {
          heard.get(name)!.push(params.uri);
        });
        const authorization = await issuer.bearer(subject, scope);
        await client.connect(
          new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { authorization } } }),
        );
        const uris = ["sqlwright://catalog", "sqlwright://sql/secret/figures.sql"];
        if (era === "modern") await client.listen({ resourceSubscriptions: uris });
        else {
          await client.subscribeResource({ uri: uris[0]! });
          const asked = client.subscribeResource({ uri: uris[1]! });
          if (subject === "bob") await assert.rejects(asked);
          else await asked;
        }
        clients.push(client);
      }
    }
    await until("all hear", async () => {
      const text = guardedFiles["secret/figures.sql"].replace(
        "-- Figures.",
        `-- Figures ${crypto.randomUUID()}.`,
      );
      await Deno.writeTextFile(`${directory}/secret/figures.sql`, text);
      await application.live.reload({ isSettled: true, isRetry: false });
      return [...heard.values()].every((uris) => uris.includes("sqlwright://catalog"));
    }, 10_000);
    const others = (name: string) => heard.get(name)!.filter((uri) => uri !== "sqlwright://catalog");
    await until("ada hears of the file", () => eras.every((era) => others(`ada ${era}`).length > 0));
    for (const era of eras) assert.deepEqual(others(`bob ${era}`), []);
    for (const client of clients) await client.close();
  });
});

Deno.test("the status tells nobody of hidden files, whatever becomes of them", async () => {
  await withGuarded(async ({ post, issuer, application, directory }) => {
    const status = async (scope: string) => {
      const { message } = requestOf("legacy", "resources/read", { uri: "sqlwright://status" });
      const { result } = await answerOf(await post(message, await issuer.bearer("ada", scope)));
      return result.contents[0].text as string;
    };
    const save = (path: string, text: string) => Deno.writeTextFile(`${directory}/${path}`, text);
    await save("secret/figures.sql", "-- name: figures :many\n-- @scope secret:read\n\nselec 1;\n");
    await save("secret/fresh.sql", "-- name: fresh :value\n-- Fresh.\n\nselec 1;\n");
    await save("open/bye.sql", "-- name: bye :value\n-- Parts.\n\nselect 'bye' as farewell;\n");
    await Deno.remove(`${directory}/secret/shred.sql`);
    await application.live.reload({ isSettled: true, isRetry: false });
    assert.ok(application.catalog().tools.has("secret_figures"), "the last good one is served");

    const all = JSON.parse(await status("secret:read secret:write secret:admin tend"));
    assert.deepEqual(
      all.files.find(({ path }: { path: string }) => path === "secret/figures.sql").state,
      "broken",
    );
    const none = await status("");
    assert.doesNotMatch(none, /secret|figures|fresh|shred|tend/);
    const { tools, files, last_reload: reload } = JSON.parse(none);
    assert.deepEqual([tools, files.map(({ path }: { path: string }) => path), reload.added, reload.removed], [
      2,
      ["open/bye.sql", "open/hello.sql"],
      ["open_bye"],
      [],
    ]);
  });
});
