/** `types`: declarations from the database or the lock, and the committed ones of the shipped tools. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { BrokenFilesError, checkFiles, openPools } from "../../src/app.ts";
import { declareQueries } from "../../src/client/declare.ts";
import { project, testConfig, testOnEach, withDatabase } from "../harness.ts";
import { brokenDirectory, makeShop, nowhere, run, shopDirectory } from "./command.ts";

const shop = await makeShop();
Deno.test.afterAll(async () => await shop[Symbol.asyncDispose]());
const databaseUrl = shop.url;

Deno.test("types prints declarations, and writes them whole", async () => {
  const directory = await Deno.makeTempDir({ prefix: "sqlwright_types_" });
  try {
    const printed = await run(["types"], { databaseUrl });
    assert.equal(printed.code, 0, printed.stderr);
    assert.match(printed.stdout, /^export interface Queries \{\n {2}shop: \{$/m);
    assert.match(printed.stdout, /get_thing: \{\n {6}arguments: \{\n[^}]*\bid: number;/);
    const out = join(directory, "queries.ts");
    const written = await run(["types", "--out", out], { databaseUrl });
    assert.match(written.stderr, /queries\.ts written, 7 tools/);
    assert.equal(await Deno.readTextFile(out), printed.stdout);
    assert.match((await run(["types", "--out", out], { databaseUrl })).stderr, /is as it was/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("types needs no database where the lock is that of the files", async () => {
  const directory = await Deno.makeTempDir({ prefix: "sqlwright_types_" });
  try {
    await Deno.mkdir(join(directory, "shop"));
    for await (const { name } of Deno.readDir(join(project, shopDirectory, "shop"))) {
      await Deno.copyFile(join(project, shopDirectory, "shop", name), join(directory, "shop", name));
    }
    const described = await run(["types"], { databaseUrl, sql: directory });
    await run(["check", "--lock"], { databaseUrl, sql: directory });
    const locked = await run(["types"], { databaseUrl: nowhere, sql: directory });
    assert.equal(locked.code, 0, locked.stderr);
    assert.equal(locked.stdout, described.stdout);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("types --only declares modules and tools that are named, and refuses others with the one that was meant", async () => {
  const one = await run(["types", "--only", "shop_get_thing"], { databaseUrl });
  assert.deepEqual([...one.stdout.matchAll(/^ {4}(\w+): \{$/gm)].map(([, name]) => name), ["get_thing"]);
  const all = await run(["types"], { databaseUrl });
  assert.equal((await run(["types", "--only", "shop"], { databaseUrl })).stdout, all.stdout);
  const { code, stdout, stderr } = await run(["types", "--only", "shop_get_think"], { databaseUrl });
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /no module and no tool "shop_get_think"\n {2}help: Did you mean "shop_get_thing"\?/);
});

Deno.test("types of broken files is an error, and writes nothing", async () => {
  const { code, stdout, stderr } = await run(["types"], { databaseUrl, sql: brokenDirectory });
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /error\[catalog\.invalid\]/);
});

testOnEach("the committed declarations of the shipped tools are those of the files", async (server) => {
  await withDatabase(async ({ serverUrl }) => {
    const config = testConfig({ DATABASE_URL: serverUrl });
    const pools = openPools(config);
    try {
      const files = await checkFiles(config, pools.writer);
      if (files.diagnostics.some(({ severity }) => severity === "error")) throw new BrokenFilesError(files);
      assert.equal(
        await Deno.readTextFile(join(project, "edgar/src/queries.ts")),
        declareQueries(files.catalog.tools.values()),
        "run `deno task sqlwright types --project edgar --only edgar --out edgar/src/queries.ts`",
      );
    } finally {
      await Promise.all([pools.reader.close(), pools.writer.close()]);
    }
  }, { server });
});

Deno.test("declarations say what the schemas say", () => {
  const text = declareQueries([{
    name: "a_b",
    module: "a",
    kind: "one",
    title: "B",
    description: "Ends */ here.",
    inputSchema: { type: "object", properties: { "odd-name": { type: ["integer", "string"] } } },
    outputSchema: {
      type: "object",
      required: ["report", "any", "kind"],
      properties: {
        report: {
          description: "Two\nlines",
          type: ["object", "null"],
          required: ["tags"],
          properties: {
            tags: { type: "array", items: { type: ["string", "null"] } },
            rows: { type: "array", items: { type: "object", properties: { n: { type: "integer" } } } },
            by_name: { type: "object", additionalProperties: { type: "number" } },
            either: { anyOf: [{ type: "string" }, { type: "boolean" }] },
          },
        },
        any: {},
        kind: { type: ["string", "null"], enum: ["x", "y", null] },
      },
    },
  }]);
  assert.equal(
    text,
    `// deno-fmt-ignore-file
/** The query files' arguments and answers. Written by \`sqlwright types\`: change the files, not this. */

export interface Queries {
  a: {
    /** B. Ends *\\/ here. */
    b: {
      arguments: {
        "odd-name"?: number | string;
      };
      result: {
        /**
         * Two
         * lines
         */
        report: {
          tags: (string | null)[];
          rows?: {
            n?: number;
          }[];
          by_name?: Record<string, number>;
          either?: string | boolean;
        } | null;
        any: unknown;
        kind: "x" | "y" | null;
      };
    };
  };
}
`,
  );
});

Deno.test("a long type that several tools have is declared once, and one inside of it is not declared again", () => {
  const fields = Object.fromEntries(["a", "b", "c", "d", "e"].map((name) => [name, { type: "integer" }]));
  const inner = { type: "object", properties: fields };
  const options = { type: "object", properties: { inner, x: { type: "string" } } };
  const tool = (name: string, kind: string) => ({
    name: `m_${name}`,
    module: "m",
    kind,
    title: name,
    description: "Does it.",
    inputSchema: { type: "object", properties: { options, [name]: { type: "string" } } },
    outputSchema: {
      type: "object",
      properties: { rows: { type: "array", items: { ...inner, required: [name] } } },
    },
  });
  const text = declareQueries([tool("b", "copy"), tool("a", "copy")]);
  assert.match(text, /^export interface CopyOptions \{\n {2}inner\?: \{\n {4}a\?: number;/m);
  assert.deepEqual([...text.matchAll(/^export interface (\w+)/gm)].map(([, name]) => name), [
    "CopyOptions",
    "Queries",
  ]);
  assert.equal(text.match(/options\?: CopyOptions;/g)?.length, 2);
  assert.equal(text.match(/\bx\?: string;/g)?.length, 1);
  // What differs in what is required is another type.
  assert.match(text, /a: number;\n.*b\?: number;/);
  assert.match(text, /a\?: number;\n.*b: number;/);
});
