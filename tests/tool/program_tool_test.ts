/** Tools that are no query files: mounted, listed, validated, logged, answered, cancelled as they are; and never under one name. */

import assert from "node:assert/strict";
import { type Application, BrokenFilesError, withApplication } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { SqlwrightError } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import { serveHttp } from "../../src/mcp/http/server.ts";
import { readResource, statusUri } from "../../src/mcp/resources.ts";
import type { ProgramTool, ProgramToolSource } from "../../src/tool/program_tool.ts";
import { callContext, type TestDatabase, until, withDatabase, withFiles } from "../harness.ts";

const files = {
  "demo/one.sql": "-- name: one :value\n-- One.\n\nselect 1 as one;\n",
};

const tool = (name: string, run: ProgramTool["run"], links?: ProgramTool["links"]): ProgramTool => ({
  name,
  title: name,
  description: `The program ${name}`,
  module: "demo",
  inputSchema: {
    type: "object",
    properties: { count: { type: "integer", minimum: 1, maximum: 5 } },
    required: ["count"],
    additionalProperties: false,
  },
  outputSchema: {
    type: "object",
    properties: { done: { type: "integer" } },
    required: ["done"],
    additionalProperties: false,
  },
  annotations: {
    title: name,
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: true,
  },
  scopes: [],
  run,
  ...(links === undefined ? {} : { links }),
});

const programs: ProgramToolSource = ({ callTool }) => [
  tool("demo_count", async ({ count }, context) => {
    for (let step = 1; step <= Number(count); step++) context.progress(step, Number(count), `step ${step}`);
    const { structured } = await callTool("demo_one", {}, context);
    return { done: Number(count) + Number(structured.value) };
  }, () => [{ uri: "https://example.org/file", name: "file" }]),
  tool("demo_fail", () => {
    throw new SqlwrightError("export.refused", "Cannot do it: no", { hint: "Do something else" });
  }),
  tool("demo_crash", () => Promise.resolve({ wrong: true })),
  tool("demo_wait", async (_args, { signal }) => {
    const { promise, reject } = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    return await promise;
  }),
];

async function withPrograms<T>(
  use: (application: Application, lines: Record<string, unknown>[], directory: string) => Promise<T>,
  own: { files?: Record<string, string>; isWatching?: boolean } = {},
): Promise<T> {
  return await withDatabase((database: TestDatabase) =>
    withFiles(own.files ?? files, async (directory) => {
      const lines: Record<string, unknown>[] = [];
      const config = readConfig({ DATABASE_URL: database.serverUrl, SQLWRIGHT_SQL_DIR: directory });
      const log = createLog({ level: "debug", write: (line) => lines.push(JSON.parse(line)) });
      const options = { log, programTools: [programs], isWatching: own.isWatching ?? false };
      return await withApplication(config, options, (application) => use(application, lines, directory));
    }), { isEmpty: true });
}

Deno.test("a program tool is validated, answers, tells progress, and is logged", async () => {
  await withPrograms(async (application, lines) => {
    const steps: number[] = [];
    const result = await application.callTool("demo_count", { count: 2 }, {
      ...callContext(),
      progress: (done) => void steps.push(done),
    });
    assert.deepEqual([result.structured, result.text, result.isError], [{ done: 3 }, '{"done":3}', false]);
    assert.deepEqual(steps, [1, 2]);
    assert.ok(lines.some(({ event, tool }) => event === "call.done" && tool === "demo_count"));
    const wrong = await application.callTool("demo_count", { count: 9, more: 1 }, callContext());
    assert.match(wrong.text, /argument\.invalid.*must be at most 5/);
    assert.match(
      (await application.callTool("demo_fail", { count: 1 }, callContext())).text,
      /export\.refused/,
    );
    await assert.rejects(() => application.callTool("demo_crash", { count: 1 }, callContext()), TypeError);
    await assert.rejects(
      () => application.callTool("demo_coun", {}, callContext()),
      /did you mean "demo_count"/,
    );
    const controller = new AbortController();
    const waiting = application.callTool("demo_wait", { count: 1 }, callContext(controller.signal));
    controller.abort(new SqlwrightError("call.cancelled", "Cannot finish the call: the client cancelled it"));
    assert.match((await waiting).text, /call\.cancelled/);
    const status = JSON.parse(readResource(application, statusUri)!.text);
    assert.deepEqual(status.program_tools, ["demo_count", "demo_crash", "demo_fail", "demo_wait"]);
  });
});

Deno.test("both eras list and call program tools over HTTP, by the direct path and by the SDK", async () => {
  await withPrograms(async (application) => {
    const server = await serveHttp(application, {
      hostname: "127.0.0.1",
      port: 0,
      log: createLog({ level: "error", write: () => {} }),
      drain_ms: 100,
    });
    try {
      const ask = async (
        method: string,
        params: Record<string, unknown>,
        headers: Record<string, string> = {},
      ) => {
        const response = await fetch(`http://127.0.0.1:${server.port}/mcp`, {
          method: "POST",
          headers: {
            "content-type": "application/json",
            accept: "application/json, text/event-stream",
            ...headers,
          },
          body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
        });
        const text = await response.text();
        return JSON.parse(text.startsWith("{") ? text : /^data: (\{.*)$/m.exec(text)![1]!).result;
      };
      const meta = {
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientCapabilities": {},
          "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
        },
      };
      const modern = (method: string, name?: string) => ({
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": method,
        ...(name === undefined ? {} : { "mcp-name": name }),
      });
      const names = (list: { tools: { name: string }[] }) => list.tools.map(({ name }) => name);
      const all = ["demo_count", "demo_crash", "demo_fail", "demo_one", "demo_wait"];
      assert.deepEqual(names(await ask("tools/list", {})), all);
      assert.deepEqual(names(await ask("tools/list", meta, modern("tools/list"))), all);
      // An argument that only the SDK reads: another page.
      assert.deepEqual(names(await ask("tools/list", { cursor: "after%3Ademo_fail" })), [
        "demo_one",
        "demo_wait",
      ]);
      const call = { name: "demo_count", arguments: { count: 1 } };
      for (
        const answer of [
          await ask("tools/call", call),
          await ask("tools/call", { ...call, ...meta }, modern("tools/call", "demo_count")),
        ]
      ) {
        assert.deepEqual(answer.structuredContent, { done: 2 });
        assert.deepEqual(answer.content[1], {
          type: "resource_link",
          uri: "https://example.org/file",
          name: "file",
        });
      }
    } finally {
      await server.stop();
    }
  });
});

Deno.test("a query file may not be called as a program tool, at the start and at a reload", async () => {
  const taken = "-- name: count :value\n-- Taken.\n\nselect 1 as one;\n";
  await assert.rejects(
    () => withPrograms(() => Promise.resolve(), { files: { ...files, "demo/count.sql": taken } }),
    (error) =>
      error instanceof BrokenFilesError && error.files.diagnostics[0]?.code === "name-reserved" &&
      error.files.diagnostics[0]?.path === "demo/count.sql",
  );
  await withPrograms(async (application, _lines, directory) => {
    await Deno.writeTextFile(`${directory}/demo/count.sql`, taken);
    await until(
      "the file is known to be broken",
      () =>
        application.live.status.files.some(({ path, diagnostics }) =>
          path === "demo/count.sql" && diagnostics.some(({ code }) => code === "name-reserved")
        ),
      10_000,
    );
    assert.equal((await application.callTool("demo_count", { count: 1 }, callContext())).structured.done, 2);
  }, { isWatching: true });
});
