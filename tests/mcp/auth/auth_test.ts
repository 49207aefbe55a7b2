/** Who may do what over HTTP, with tokens: every way in, both eras, and each attack of the guard rails. */

import assert from "node:assert/strict";
import {
  Client,
  discoverOAuthProtectedResourceMetadata,
  extractWWWAuthenticateParams,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import {
  answerOf,
  type Era,
  eras,
  type Guarded,
  initialize,
  jsonHeaders,
  requestOf,
  withGuarded,
} from "./guarded.ts";

async function ask(
  { post }: Guarded,
  token: string | null,
  era: Era,
  method: string,
  params: Record<string, unknown> = {},
) {
  const { message, headers } = requestOf(era, method, params);
  const response = await post(message, token, headers);
  return {
    status: response.status,
    challenge: response.headers.get("www-authenticate"),
    ...await answerOf(response),
  };
}

const namesOf = ({ result }: { result: { tools: { name: string }[] } }) =>
  result.tools.map(({ name }) => name);

Deno.test("without a token nothing is answered but health and metadata, whatever the version, method or path", async () => {
  await withGuarded(async (guarded) => {
    const { origin, url, post, issuer } = guarded;
    const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`;
    const expected = `Bearer resource_metadata="${metadata}"`;
    for (
      const version of [
        null,
        "2024-10-07",
        "2024-11-05",
        "2025-03-26",
        "2025-06-18",
        "2025-11-25",
        "2026-07-28",
        "1999",
        "x".repeat(500),
        "2025-11-25, 2026-07-28",
      ]
    ) {
      const headers: Record<string, string> = version === null ? {} : { "mcp-protocol-version": version };
      for (const method of ["initialize", "tools/list", "tools/call", "ping", "server/discover"]) {
        const response = await post(
          { jsonrpc: "2.0", id: 1, method, params: { name: "open_hello" } },
          null,
          headers,
        );
        assert.equal(response.status, 401, `${version} ${method}`);
        assert.equal(response.headers.get("www-authenticate"), expected);
        assert.equal((await response.json()).error.data.code, "auth.token_missing");
      }
      for (const method of ["GET", "DELETE", "PUT", "OPTIONS"]) {
        const response = await fetch(url, { method, headers: { ...headers, "mcp-session-id": "x" } });
        assert.equal(response.status, 401, `${version} ${method}`);
        await response.body?.cancel();
      }
    }
    for (const path of ["/uploads?name=a.csv", "/uploads/00000000000000000000000000000000"]) {
      const response = await fetch(`${origin}${path}`, { method: path.includes("?") ? "PUT" : "GET" });
      assert.equal(response.status, 401);
      assert.equal(response.headers.get("www-authenticate"), expected);
      assert.equal((await response.json()).error.code, "auth.token_missing");
    }
    for (const path of ["/health/live", "/health/ready"]) {
      const response = await fetch(`${origin}${path}`);
      assert.equal(response.status, 200);
      await response.body?.cancel();
    }
    // A token in the address is none.
    const token = await issuer.token();
    const response = await fetch(`${url}?access_token=${token}&token=${token}`, {
      method: "POST",
      headers: jsonHeaders,
      body: JSON.stringify(initialize),
    });
    assert.equal(response.status, 401);
    await response.body?.cancel();
  });
});

Deno.test("a wrong token is refused with what is wrong, and is neither shown nor logged", async () => {
  await withGuarded(async ({ post, issuer, lines, origin }) => {
    const token = await issuer.token({ claims: { exp: Math.floor(Date.now() / 1000) - 60 } });
    const response = await post(initialize, `Bearer ${token}`);
    const text = await response.text();
    assert.equal(response.status, 401);
    assert.equal(
      response.headers.get("www-authenticate"),
      'Bearer error="invalid_token", error_description="Cannot accept the token: it has expired", ' +
        `resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`,
    );
    const { error } = JSON.parse(text);
    assert.deepEqual([error.code, error.data.code], [-32000, "auth.token_invalid"]);
    for (const part of token.split(".")) {
      assert.ok(!text.includes(part) && !lines.some((line) => line.includes(part)));
    }
  });
});

Deno.test("keys that are out of reach answer 503 without saying where they are", async () => {
  await withGuarded(async ({ post, issuer }) => {
    issuer.misbehave = () => new Response("<html>", { status: 500 });
    const token = await issuer.token({ header: { kid: "unknown" } });
    const response = await post(initialize, `Bearer ${token}`);
    assert.equal(response.status, 503);
    assert.equal(response.headers.get("retry-after"), "5");
    const text = await response.text();
    assert.match(text, /auth\.keys_unavailable/);
    assert.ok(!text.includes(issuer.url));
  });
});

Deno.test("the official client reads the challenges, and finds the issuer by them", async () => {
  await withGuarded(async (guarded) => {
    const { url, post, issuer } = guarded;
    const unauthorized = await post(initialize, null);
    await unauthorized.body?.cancel();
    const { message } = requestOf("legacy", "tools/call", { name: "secret_shred", arguments: {} });
    const forbidden = await post(message, await issuer.bearer("ada"));
    await forbidden.body?.cancel();
    const { resourceMetadataUrl } = extractWWWAuthenticateParams(unauthorized);
    const step = extractWWWAuthenticateParams(forbidden);
    assert.deepEqual([step.error, step.scope], ["insufficient_scope", "secret:write secret:admin"]);
    assert.equal(String(step.resourceMetadataUrl), String(resourceMetadataUrl));
    const metadata = await discoverOAuthProtectedResourceMetadata(url, {
      resourceMetadataUrl: resourceMetadataUrl!,
    });
    assert.equal(metadata.resource, url);
    assert.deepEqual(metadata.authorization_servers, ["https://issuer.example"]);
    // It finds the same without a challenge.
    assert.deepEqual(await discoverOAuthProtectedResourceMetadata(url), metadata);
  });
});

Deno.test("the metadata of RFC 9728 says where tokens come from and which scopes there are", async () => {
  await withGuarded(async ({ origin, issuer }) => {
    for (const path of ["", "/mcp"]) {
      const response = await fetch(`${origin}/.well-known/oauth-protected-resource${path}`);
      assert.equal(response.status, 200);
      assert.deepEqual(await response.json(), {
        resource: `${origin}/mcp`,
        authorization_servers: ["https://issuer.example"],
        scopes_supported: ["secret:admin", "secret:read", "secret:write", "tend"],
        bearer_methods_supported: ["header"],
      });
    }
    const posted = await fetch(`${origin}/.well-known/oauth-protected-resource`, { method: "POST" });
    assert.equal(posted.status, 405);
    await posted.body?.cancel();
    const other = await fetch(`${origin}/.well-known/oauth-protected-resource/other`);
    assert.equal(other.status, 404);
    await other.body?.cancel();
    assert.equal(issuer.asked, 1);
  });
  await withGuarded(async ({ origin, post }) => {
    const response = await fetch(`${origin}/.well-known/oauth-protected-resource/mcp`);
    assert.equal((await response.json()).resource, "https://tools.example/sql/mcp");
    const refused = await post(initialize, null);
    assert.match(
      refused.headers.get("www-authenticate")!,
      /resource_metadata="https:\/\/tools\.example\/sql\/\.well-known/,
    );
    await refused.body?.cancel();
  }, { http: { publicUrl: "https://tools.example/sql" } });
});

for (const era of eras) {
  Deno.test(`${era}: a tool is listed for whom its scopes are, and for nobody else`, async () => {
    await withGuarded(async (guarded) => {
      const { bearer } = guarded.issuer;
      const list = async (scope?: string) =>
        namesOf(await ask(guarded, await bearer("ada", scope), era, "tools/list"));
      const open = ["open_hello", "sqlwright_export"];
      assert.deepEqual(await list(), open);
      assert.deepEqual(await list(""), open);
      assert.deepEqual(await list("secret:read"), [...open.slice(0, 1), "secret_figures", ...open.slice(1)]);
      assert.deepEqual(await list("secret:write"), ["open_hello", "secret_load", "sqlwright_export"]);
      assert.deepEqual(await list("secret:admin"), open);
      assert.deepEqual(await list("secret:admin secret:write"), [
        "open_hello",
        "secret_load",
        "secret_shred",
        "sqlwright_export",
      ]);
      assert.deepEqual(await list("tend"), [...open, "tend_papers"]);
      // Scopes are compared letter by letter: neither parts nor patterns nor case.
      for (
        const near of [
          "secret:rea",
          "secret:readX",
          "secret:read,secret:write",
          "SECRET:READ",
          "secret:*",
          "secret",
          "*",
          "all",
        ]
      ) {
        assert.deepEqual(await list(near), open, near);
      }
    });
  });

  Deno.test(`${era}: a call without the scope is refused with 403 and the scopes it needs, with them it is made`, async () => {
    await withGuarded(async (guarded) => {
      const { origin, issuer, lines } = guarded;
      const call = async (name: string, scope: string, args: Record<string, unknown> = {}) =>
        await ask(guarded, await issuer.bearer("ada", scope), era, "tools/call", { name, arguments: args });
      for (
        const [name, scope, needed] of [
          ["secret_figures", "", "secret:read"],
          ["secret_figures", "secret:readX secret:writ", "secret:read"],
          ["secret_shred", "secret:write secret:read", "secret:write secret:admin"],
          ["secret_load", "secret:read", "secret:write"],
          ["tend_papers", "secret:read", "tend"],
        ] as const
      ) {
        const { status, challenge, error, id } = await call(name, scope);
        assert.deepEqual(
          [status, id, error.code, error.data.code],
          [403, 1, -32000, "auth.scope_missing"],
          name,
        );
        assert.deepEqual(error.data.details.scopes, needed.split(" "));
        assert.match(challenge, /^Bearer error="insufficient_scope", error_description="Cannot use '/);
        assert.ok(
          challenge.endsWith(
            `, scope="${needed}", resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`,
          ),
          challenge,
        );
      }
      assert.deepEqual((await call("secret_figures", "secret:read")).result.structuredContent.rows.length, 3);
      assert.deepEqual(
        (await call("secret_shred", "secret:write secret:admin")).result.structuredContent.affected,
        0,
      );
      assert.deepEqual((await call("tend_papers", "tend")).result.structuredContent, { value: "hello" });
      assert.deepEqual((await call("open_hello", "")).result.structuredContent, { value: "hello" });
      // A tool that is hidden is not proposed for one that is not there.
      const { status, error } = await call("secret_figure", "");
      assert.deepEqual([status, error.code], [era === "modern" ? status : 200, -32602]);
      assert.doesNotMatch(error.message, /secret_figures/);
      assert.match((await call("secret_figure", "secret:read")).error.message, /secret_figures/);
      // Whose call it was is in the log.
      const done = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === "call.done");
      assert.ok(done.length > 0 && done.every(({ caller }) => caller === "ada"));
    });
  });

  Deno.test(`${era}: resources and completions are as if hidden tools were not there`, async () => {
    await withGuarded(async (guarded) => {
      const { issuer } = guarded;
      const all = await issuer.bearer("ada", "secret:read secret:write secret:admin tend");
      const none = await issuer.bearer("bob", "other");
      const hidden = /secret|shred|figures|tend|Secret prose/;
      const texts = async (token: string) => {
        const uris = ["sqlwright://catalog", "sqlwright://status"];
        const read = await Promise.all(
          uris.map((uri) => ask(guarded, token, era, "resources/read", { uri })),
        );
        return JSON.stringify([
          ...read.map(({ result }) => result.contents[0].text),
          (await ask(guarded, token, era, "resources/list")).result,
          (await ask(guarded, token, era, "tools/list")).result,
          (await (era === "legacy"
            ? guarded.post(initialize, token).then(answerOf)
            : ask(guarded, token, era, "server/discover"))).result,
          ...(await Promise.all([
            ["sqlwright://sql/{module}/{name}.sql", "module", {}],
            ["sqlwright://sql/{module}/{name}.sql", "name", {}],
            ["sqlwright://sql/{module}/{name}.sql", "name", { module: "secret" }],
            ["sqlwright://values/{tool}/{parameter}{?value}", "tool", {}],
            ["sqlwright://values/{tool}/{parameter}{?value}", "parameter", { tool: "secret_figures" }],
          ].map(([uri, name, known]) =>
            ask(guarded, token, era, "completion/complete", {
              ref: { type: "ref/resource", uri },
              argument: { name, value: "" },
              context: { arguments: known },
            })
          ))).map(({ result }) => result),
        ]);
      };
      assert.match(await texts(all), hidden);
      assert.match(await texts(all), /"scopes/);
      assert.doesNotMatch(await texts(none), hidden);
      for (const uri of ["sqlwright://sql/secret/figures.sql", "sqlwright://values/secret_figures/is_even"]) {
        assert.ok((await ask(guarded, all, era, "resources/read", { uri })).result, uri);
        const refused = await ask(guarded, none, era, "resources/read", { uri });
        const missing = await ask(guarded, none, era, "resources/read", {
          uri: uri.replace("figures", "nothing"),
        });
        assert.deepEqual(refused.error.code, missing.error.code, "as one that is not there");
      }
    });
  });

  Deno.test(`${era}: the official client lists and calls with its scopes, and is told which are missing`, async () => {
    await withGuarded(async ({ url, issuer }) => {
      const connect = async (scope: string) => {
        const client = new Client({ name: "test", version: "1" }, {
          versionNegotiation: { mode: era === "legacy" ? "legacy" : { pin: "2026-07-28" } },
        });
        const authorization = await issuer.bearer("ada", scope);
        await client.connect(
          new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { authorization } } }),
        );
        return client;
      };
      const reader = await connect("secret:read");
      const { tools } = await reader.listTools();
      assert.ok(tools.some(({ name }) => name === "secret_figures"));
      const { structuredContent } = await reader.callTool({
        name: "secret_figures",
        arguments: { is_even: true },
      });
      assert.deepEqual(structuredContent, { rows: [{ value: 2 }] });
      await assert.rejects(
        reader.callTool({ name: "secret_shred", arguments: {} }),
        /secret:admin|403|orbidden/,
      );
      await reader.close();
      const nobody = await connect("");
      assert.deepEqual((await nobody.listTools()).tools.map(({ name }) => name), [
        "open_hello",
        "sqlwright_export",
      ]);
      await nobody.close();
    });
  });
}
