/** Holds every direct answer against the SDK's, so that the short way cannot drift from the reference. */
import assert from "node:assert/strict";
import {
  classifyInboundRequest,
  createMcpHandler,
  InMemoryTransport,
  SUPPORTED_PROTOCOL_VERSIONS,
} from "@modelcontextprotocol/server";
import { DirectAnswers, envelopeOf, legacyVersions } from "../../src/mcp/fast_path.ts";
import { asRequest, type JsonRpcRequest } from "../../src/mcp/message.ts";
import { makeServer } from "../../src/mcp/sdk_server.ts";
import { localCaller } from "../../src/tool/caller.ts";
import { echoApplication, memoryLog, toTool } from "./echo_application.ts";

const { log } = memoryLog();
const clientInfo = { name: "test", version: "1" };
const envelope = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
  "io.modelcontextprotocol/clientInfo": clientInfo,
};

Deno.test("served versions are the SDK's", () => {
  assert.deepEqual([...legacyVersions], SUPPORTED_PROTOCOL_VERSIONS);
});

Deno.test("direct answers of the versions up to 2025-11-25 equal the SDK's", async (context) => {
  const initialize = (protocolVersion: string) => ({ protocolVersion, capabilities: {}, clientInfo });
  const requests: [string, Record<string, unknown> | undefined][] = [
    ...["2025-11-25", "2025-06-18", "2024-11-05", "1999-01-01"].map((
      version,
    ): [string, Record<string, unknown>] => [
      "initialize",
      initialize(version),
    ]),
    ["ping", undefined],
    ["tools/list", undefined],
    ["tools/list", {}],
    ["tools/call", { name: "echo_arguments", arguments: { a: 1, b: [null, { c: "ü\u2028" }] } }],
    ["tools/call", { name: "echo_arguments" }],
    ["tools/call", { name: "echo_text", arguments: { text: "two\nlines \ud800 \u0000" } }],
    ["tools/call", { name: "echo_fail", arguments: {} }],
    ["tools/call", { name: "echo_crash", arguments: {} }],
    ["tools/call", { name: "echo_unknown", arguments: {} }],
  ];
  for (const [method, params] of requests) {
    await context.step(`${method} ${JSON.stringify(params)}`, async () => {
      const request: JsonRpcRequest = { jsonrpc: "2.0", id: "one", method, ...(params && { params }) };
      assert.deepEqual(await answerDirectly(request, "legacy"), await answerBySdk(request));
    });
  }
});

Deno.test("direct answers of 2026-07-28 equal the SDK's", async (context) => {
  const requests: [string, Record<string, unknown>][] = [
    ["server/discover", {}],
    ["tools/list", {}],
    ["tools/call", { name: "echo_arguments", arguments: { a: 1 } }],
    ["tools/call", { name: "echo_fail", arguments: {} }],
    ["tools/call", { name: "echo_crash", arguments: {} }],
    ["tools/call", { name: "echo_unknown", arguments: {} }],
  ];
  for (const [method, params] of requests) {
    await context.step(`${method} ${JSON.stringify(params)}`, async () => {
      const request: JsonRpcRequest = {
        jsonrpc: "2.0",
        id: 7,
        method,
        params: { ...params, _meta: envelope },
      };
      assert.deepEqual(await answerDirectly(request, "modern"), await answerByHandler(request));
    });
  }
});

Deno.test("requests that are not right in every respect are left to the SDK", () => {
  const direct = new DirectAnswers(echoApplication(), log);
  const left = (method: string, params?: Record<string, unknown>) => {
    const request: JsonRpcRequest = { jsonrpc: "2.0", id: 1, method, ...(params && { params }) };
    assert.equal(direct.answer(request, "legacy", localCaller), null, method);
    assert.equal(direct.callOf(request), null, method);
  };
  left("initialize", {});
  left("initialize", { protocolVersion: "2025-11-25", capabilities: [], clientInfo });
  left("initialize", { protocolVersion: "2025-11-25", capabilities: {} });
  left("tools/list", { cursor: "after:echo_text" });
  left("tools/call", { name: 1 });
  left("tools/call", { name: "echo_text", arguments: [] });
  left("tools/call", { name: "echo_text", arguments: {}, _meta: { progressToken: {} } });
  left("resources/list");
});

Deno.test("envelopeOf() puts a request in the era that the SDK's classifier does", () => {
  const { "io.modelcontextprotocol/clientCapabilities": _, ...withoutCapabilities } = envelope;
  const metas: (Record<string, unknown> | undefined)[] = [
    undefined,
    {},
    { progressToken: 1 },
    envelope,
    { ...envelope, progressToken: "p", other: 1 },
    withoutCapabilities,
    { ...envelope, "io.modelcontextprotocol/protocolVersion": "2099-01-01" },
    { ...envelope, "io.modelcontextprotocol/protocolVersion": 1 },
    { ...envelope, "io.modelcontextprotocol/clientCapabilities": [] },
    { ...envelope, "io.modelcontextprotocol/clientCapabilities": { roots: 1 } },
    { ...envelope, "io.modelcontextprotocol/clientInfo": { name: 1 } },
    { ...envelope, "io.modelcontextprotocol/logLevel": "loud" },
    { ...envelope, "io.modelcontextprotocol/logLevel": "info" },
  ];
  for (const _meta of metas) {
    const body = { jsonrpc: "2.0" as const, id: 1, method: "tools/list", params: { ..._meta && { _meta } } };
    const outcome = classifyInboundRequest({ httpMethod: "POST", body });
    const found = envelopeOf(body);
    const served = outcome.kind === "modern" && outcome.classification.revision === "2026-07-28";
    const expected = outcome.kind === "legacy" ? "none" : served ? "modern" : "unclear";
    assert.equal(found, expected, JSON.stringify(_meta));
  }
});

Deno.test("asRequest() takes what JSON-RPC defines and nothing else", () => {
  const right = { jsonrpc: "2.0", id: 1, method: "ping" };
  assert.deepEqual(asRequest(right), right);
  for (
    const wrong of [
      null,
      [],
      "ping",
      { ...right, jsonrpc: "1.0" },
      { ...right, id: null },
      { ...right, id: 1.5 },
      { ...right, id: {} },
      { ...right, method: 1 },
      { ...right, params: [] },
      { ...right, extra: true },
    ]
  ) assert.equal(asRequest(wrong), null, JSON.stringify(wrong));
});

Deno.test("tools/list pages after 500 tools, in the order of names, each tool once", async () => {
  const names = Array.from({ length: 1203 }, (_, at) => `t${(at * 7919) % 1203}`);
  const application = echoApplication(names.map((name) => toTool(name, {})));
  const listed: string[] = [];
  let cursor: string | undefined;
  let pages = 0;
  do {
    const params = cursor === undefined ? {} : { cursor };
    const { result } = await answerBySdk(
      { jsonrpc: "2.0", id: 1, method: "tools/list", params },
      application,
    );
    if (cursor === undefined) {
      const direct = await answerDirectly(
        { jsonrpc: "2.0", id: 1, method: "tools/list" },
        "legacy",
        application,
      );
      assert.deepEqual(direct.result, result);
    }
    listed.push(...(result.tools as { name: string }[]).map(({ name }) => name));
    cursor = result.nextCursor as string | undefined;
    pages++;
  } while (cursor !== undefined);
  assert.equal(pages, 3);
  assert.deepEqual(listed, names.map((name) => `echo_${name}`).sort());

  const { error } = await answerBySdk({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/list",
    params: { cursor: "%" },
  }, application);
  assert.equal(error?.code, -32602);
});

interface Answer {
  result: Record<string, unknown>;
  error?: { code: number; message: string; data?: unknown };
}

async function answerDirectly(
  request: JsonRpcRequest,
  era: "legacy" | "modern",
  application = echoApplication(),
): Promise<Answer> {
  const direct = new DirectAnswers(application, log);
  const call = direct.callOf(request);
  const channel = { caller: localCaller, signal: new AbortController().signal, notify: () => {} };
  const text = call === null
    ? direct.answer(request, era, localCaller)
    : await direct.call(request, call, era, channel);
  assert.ok(text !== null && !text.includes("\n"), "one line, as stdio and SSE need it");
  return JSON.parse(text);
}

async function answerBySdk(request: JsonRpcRequest, application = echoApplication()): Promise<Answer> {
  const server = await makeServer(application, { log, caller: localCaller });
  const [client, other] = InMemoryTransport.createLinkedPair();
  await server.connect(other);
  const { promise, resolve } = Promise.withResolvers<unknown>();
  client.onmessage = resolve;
  await client.start();
  await client.send(request);
  const answer = await promise;
  await server.close();
  return JSON.parse(JSON.stringify(answer));
}

async function answerByHandler(request: JsonRpcRequest): Promise<Answer> {
  const handler = createMcpHandler(() => makeServer(echoApplication(), { log, caller: localCaller }), {
    legacy: "reject",
  });
  const response = await handler.fetch(
    new Request("http://localhost/mcp", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": request.method,
        ...(typeof request.params?.name === "string" && { "mcp-name": request.params.name }),
      },
      body: JSON.stringify(request),
    }),
  );
  const answer = await response.json();
  await handler.close();
  return answer;
}
