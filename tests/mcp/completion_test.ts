/** Completion of what a parameter takes, through a real client over real query files: enums, CHECKs that list values, booleans. */
import assert from "node:assert/strict";
import { Client, InMemoryTransport } from "@modelcontextprotocol/client";
import { createLog } from "../../src/log.ts";
import { makeServer } from "../../src/mcp/sdk_server.ts";
import { localCaller } from "../../src/tool/caller.ts";
import { withDatabase, withTestApplication } from "../harness.ts";

const uri = "sqlwright://values/{tool}/{parameter}{?value}";

Deno.test("a client completes a tool, its parameter and the labels of an enum in their order", async () => {
  await withClient(async (client) => {
    const complete = async (name: string, value: string, known: Record<string, string> = {}) =>
      (await client.complete({
        ref: { type: "ref/resource", uri },
        argument: { name, value },
        context: { arguments: known },
      })).completion.values;
    assert.deepEqual(await complete("tool", "edgar_set_filing"), ["edgar_set_filing_status"]);
    const tool = { tool: "edgar_set_filing_status" };
    assert.ok((await complete("parameter", "", tool)).includes("rows.status"));
    const parameter = { ...tool, parameter: "rows.status" };
    assert.deepEqual(await complete("value", "", parameter), ["listed", "loaded", "failed"]);
    assert.deepEqual(await complete("value", "LO", parameter), ["loaded"]);
    assert.deepEqual(await complete("value", "x", parameter), []);
    assert.deepEqual(await complete("value", "", { tool: "edgar_nothing", parameter: "status" }), []);
    await assert.rejects(complete("nothing", ""), { code: -32602 });

    const read = async (address: string) => {
      const [content] = (await client.readResource({ uri: address })).contents;
      return JSON.parse((content as { text: string }).text);
    };
    assert.deepEqual(await read("sqlwright://values/edgar_set_filing_status/rows.status?value=l"), {
      tool: "edgar_set_filing_status",
      parameter: "rows.status",
      values: ["listed", "loaded"],
    });
    await assert.rejects(read("sqlwright://values/edgar_set_filing_status/rows.accession"), { code: -32602 });
  });
});

async function withClient(use: (client: Client) => Promise<void>): Promise<void> {
  await withDatabase(async (database) => {
    await withTestApplication({ DATABASE_URL: database.serverUrl }, async (application) => {
      const server = await makeServer(application, {
        log: createLog({ level: "error", write: () => {} }),
        caller: localCaller,
      });
      const client = new Client({ name: "test", version: "1" });
      const [near, far] = InMemoryTransport.createLinkedPair();
      await Promise.all([server.connect(far), client.connect(near)]);
      try {
        await use(client);
      } finally {
        await client.close();
        await server.close();
      }
    });
  });
}
