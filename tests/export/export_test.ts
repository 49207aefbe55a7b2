/** Exports: the formats beside psql and hyparquet, links, downloads, files, and everything that can go wrong midway. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import type { Application } from "../../src/app.ts";
import { programToolSources } from "../../src/cli/program_tools.ts";
import { readConfig } from "../../src/config.ts";
import { SqlwrightError } from "../../src/errors.ts";
import { writeWholeFile } from "../../src/export/file.ts";
import type { ByteSink, ExportFormat } from "../../src/export/format.ts";
import { createLog } from "../../src/log.ts";
import { downloaderOf } from "../../src/mcp/download.ts";
import { serveHttp } from "../../src/mcp/http.ts";
import { withApplication } from "../../src/app.ts";
import { localCaller } from "../../src/tool/caller.ts";
import { prepareExport, runExport } from "../../src/tool/export.ts";
import { readLink, writeLink } from "../../src/tool/export_link.ts";
import { callContext, type TestDatabase, testOnEach, until, withDatabase, withFiles } from "../harness.ts";

const schema = `
  create schema odd;
  create type odd.size as enum ('small', 'large');
  create table odd.value (
    id bigint primary key, words text, number numeric(12, 2), big numeric(30, 6), plain numeric, small integer,
    ratio double precision, narrow real, is_on boolean, day date, moment timestamptz, local timestamp, doc jsonb, tags text[],
    raw bytea, key uuid, size odd.size, span interval
  );
  insert into odd.value values
    (1, 'plain', 1.50, 12345678901234567890.123456, 0.10, 7, 0.1, 1.5, true, '2024-02-29', '2024-02-29 23:59:59.123456+00',
     '1969-12-31 23:59:59.5', '{"b": [1, 2], "a": "x y"}', '{a,"b c",NULL}', '\\x00ff', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'large', '1 day'),
    (2, 'comma, "quote"', -0.05, -0.000001, -1e-10, -7, 1e300, -0.25, false, '0044-03-15', '1900-01-01 00:00:00+00',
     '2024-01-01 00:00:00', 'null', '{}', '', '00000000-0000-0000-0000-000000000000', 'small', '-1 mon'),
    (3, E'two\\nlines\\r', null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
    (4, '', 0, 0, 0, 0, 0, 0, false, '1970-01-01', '1970-01-01 00:00:00+00', '1970-01-01', '[]', '{1}', '\\x61', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'small', '0'),
    (5, '\\.', 9999999999.99, 1, 'NaN', 2147483647, -0.0, 1, true, '9999-12-31', '9999-12-31 23:59:59+00', '9999-12-31', '"é"', '{é}', '\\x', '00000000-0000-0000-0000-000000000001', 'large', '1 year 2 mons 3 days 04:05:06');
  create view odd.shown as select id, words from odd.value;
  grant usage on schema odd to sqlwright_server;
  grant select on all tables in schema odd to sqlwright_server;
`;

const select = `select
  value.id, value.words, value.number, value.big, value.plain, value.small, value.ratio, value.narrow, value.is_on,
  value.day, value.moment, value.local, value.doc, value.tags, value.raw, value.key, value.size, value.span
from odd.value as value
where value.id >= `;

const files = {
  "odd/values.sql": `-- name: values :many
-- All values.
--
-- @param least  From this one on
-- @rows 2

${select}:least::bigint
order by value.id;
`,
  "odd/words.sql": `-- name: words :many
-- One column.
--
-- @rows 1

select value.words from odd.value as value order by value.id;
`,
  "odd/numbers.sql": `-- name: numbers :many
-- As many numbers as wanted, by page.
--
-- @param most  How many
-- @page n
-- @allow page-not-unique  A series repeats nothing

select numbers.n, 'number ' || numbers.n as name
from generate_series(1, :most::bigint) as numbers (n);
`,
  "odd/stream.sql": `-- name: stream :many
-- As many rows as wanted, each made when it is asked for.
--
-- @param most  How many
-- @rows 10

select generate_series(1, :most::bigint) as n, repeat('x', 100) as filling;
`,
  "odd/stops.sql": `-- name: stops :many
-- Fails after many rows.
--
-- @rows 10

select 1 / (100000 - numbers.n) as quotient, repeat('x', 100) as filling
from generate_series(1, 200000) as numbers (n);
`,
  "odd/overview.sql": `-- name: overview :report
-- One document.

select json_build_object('count', count(*)) as overview from odd.value as value;
`,
  "odd/rename.sql": `-- name: rename :exec
-- Writes.
--
-- @param id  Which

update odd.value as value set words = 'x' where value.id = :id::bigint;
`,
};

interface Served {
  application: Application;
  database: TestDatabase;
  directory: string;
}

async function withExports<T>(
  use: (served: Served) => Promise<T>,
  { server, variables = {}, baseUrl = null }: {
    server?: TestDatabase["server"];
    variables?: Record<string, string>;
    baseUrl?: (() => string) | null;
  } = {},
): Promise<T> {
  return await withDatabase(async (database) => {
    await database.sql.unsafe(schema);
    return await withFiles(files, async (directory) => {
      const config = readConfig({
        DATABASE_URL: database.serverUrl,
        SQLWRIGHT_SQL_DIR: directory,
        ...variables,
      });
      const options = {
        log: createLog({ level: "error", write: () => {} }),
        programTools: await programToolSources(config, baseUrl),
      };
      return await withApplication(
        config,
        options,
        async (application) => await use({ application, database, directory }),
      );
    });
  }, { isEmpty: true, ...(server === undefined ? {} : { server }) });
}

const limits = { timeout_ms: 60_000, bytes: 1e9 };

async function exportOf(
  { host, pools }: Application,
  tool: string,
  args: Record<string, unknown>,
  format: ExportFormat,
  own: Partial<typeof limits> = {},
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const sink: ByteSink = (bytes) => void parts.push(bytes);
  const prepared = prepareExport(host.catalog(), { tool, args, format }, localCaller);
  const exported = await runExport(pools.reader, prepared, sink, { ...limits, ...own }, callContext());
  const bytes = new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
  assert.equal(exported.bytes, bytes.length);
  return bytes;
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

testOnEach("csv is byte for byte what psql copies, beyond the ceiling of rows", async (server) => {
  await withExports(async ({ application, database }) => {
    const ours = await exportOf(application, "odd_values", { least: 1 }, "csv");
    const theirs = await psqlCopy(database, `${select} 1 order by value.id`);
    assert.equal(decode(ours), decode(theirs));
    const column = await exportOf(application, "odd_words", {}, "csv");
    assert.equal(
      decode(column).replace(/^"\\\.\"$/m, "\\."),
      decode(await psqlCopy(database, "select words from odd.value order by id")).replace(
        /^"\\\.\"$/m,
        "\\.",
      ),
      "PostgreSQL 18 no longer quotes a backslash and a dot",
    );
  }, { server });
});

async function psqlCopy({ url }: TestDatabase, query: string): Promise<Uint8Array> {
  const { success, stdout, stderr } = await new Deno.Command("psql", {
    args: [
      "-X",
      "-q",
      "-v",
      "ON_ERROR_STOP=1",
      "-c",
      `\\copy (${query.replaceAll("\n", " ")}) to stdout (format csv, header)`,
      url,
    ],
    env: { PGOPTIONS: "-c intervalstyle=iso_8601 -c timezone=UTC -c datestyle=ISO,YMD" },
  }).output();
  assert.ok(success, decode(stderr));
  return stdout;
}

Deno.test("ndjson has the objects that the tool answers, one a line; a report is its document", async () => {
  await withExports(async ({ application }) => {
    const lines = decode(await exportOf(application, "odd_values", { least: 1 }, "ndjson")).trimEnd().split(
      "\n",
    );
    const { structured } = await application.callTool("odd_values", { least: 1 }, callContext());
    assert.equal(lines.length, 5);
    assert.deepEqual(lines.slice(0, 2).map((line) => JSON.parse(line)), structured.rows);
    assert.equal(decode(await exportOf(application, "odd_overview", {}, "ndjson")), '{"count":5}\n');
    const all = decode(await exportOf(application, "odd_numbers", { most: 4321 }, "ndjson")).trimEnd().split(
      "\n",
    );
    assert.equal(all.length, 4321);
    assert.deepEqual(JSON.parse(all.at(-1)!), { n: 4321, name: "number 4321" });
  });
});

testOnEach("parquet has PostgreSQL's types, and reads back as it was", async (server) => {
  await withExports(async ({ application, database }) => {
    await database.sql`delete from odd.value where id = 5`;
    const bytes = await exportOf(application, "odd_values", { least: 1 }, "parquet");
    const rows = await parquetReadObjects({ file: bytes.buffer as ArrayBuffer, utf8: false });
    assert.equal(rows.length, 4);
    const [first, second, third] = rows as Record<string, unknown>[];
    assert.deepEqual(first, {
      id: 1n,
      words: "plain",
      number: 1.5,
      big: 12345678901234567890.123456,
      plain: "0.10",
      small: 7,
      ratio: 0.1,
      narrow: 1.5,
      is_on: true,
      day: new Date("2024-02-29T00:00:00Z"),
      moment: new Date("2024-02-29T23:59:59.123Z"),
      local: new Date("1969-12-31T23:59:59.500Z"),
      doc: { a: "x y", b: [1, 2] },
      tags: ["a", "b c", null],
      raw: new Uint8Array([0, 255]),
      key: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
      size: "large",
      span: "P1D",
    });
    assert.deepEqual(
      [second!.number, second!.big, second!.plain, second!.day, second!.tags],
      [-0.05, -0.000001, "-0.0000000001", new Date("0044-03-15T00:00:00Z"), []],
    );
    assert.deepEqual(
      Object.entries(third!).filter(([, value]) => value !== null && value !== undefined).map(([name]) =>
        name
      ),
      ["id", "words"],
    );
  }, { server });
});

Deno.test("parquet in many row groups is one file", async () => {
  await withExports(async ({ application }) => {
    const bytes = await exportOf(application, "odd_numbers", { most: 120_001 }, "parquet");
    const rows = await parquetReadObjects({ file: bytes.buffer as ArrayBuffer, columns: ["n"] });
    assert.equal(rows.length, 120_001);
    assert.equal(rows.at(-1)!.n, 120_001n);
    const empty = await exportOf(application, "odd_values", { least: 99 }, "parquet");
    assert.deepEqual(await parquetReadObjects({ file: empty.buffer as ArrayBuffer }), []);
  });
});

Deno.test("what cannot be exported is refused with a reason", async () => {
  await withExports(async ({ application }) => {
    const refused = async (tool: string, args: Record<string, unknown>, format: ExportFormat, own = {}) => {
      try {
        await exportOf(application, tool, args, format, own);
      } catch (error) {
        assert.ok(error instanceof SqlwrightError, String(error));
        return error.code;
      }
      assert.fail("it was exported");
    };
    assert.equal(await refused("odd_nothing", {}, "csv"), "tool.unknown");
    assert.equal(await refused("odd_rename", { id: 1 }, "csv"), "export.refused");
    assert.equal(await refused("odd_overview", {}, "csv"), "export.refused");
    assert.equal(await refused("odd_numbers", { most: "x" }, "csv"), "argument.invalid");
    assert.equal(await refused("odd_numbers", { most: 1, page_size: 3 }, "csv"), "argument.invalid");
    assert.equal(await refused("odd_numbers", { most: 100_000 }, "csv", { bytes: 5000 }), "export.too_large");
    assert.equal(await refused("odd_stream", { most: 1e9 }, "csv", { timeout_ms: 200 }), "call.timeout");
    assert.equal(await refused("odd_stops", {}, "csv"), "database.failed");
  });
});

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
    await until("the session has waited for the client for half a second", async () => {
      const [row] = await database.sql`
        select count(*)::int as waiting from pg_stat_activity
        where datname = current_database() and state = 'idle in transaction' and state_change < clock_timestamp() - interval '0.5 s'`;
      return row!.waiting === 1;
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

Deno.test("over stdio the tool writes files where it may, and is not there where it may not", async () => {
  await withExports(({ application }) => {
    assert.deepEqual(application.programTools, []);
    return Promise.resolve();
  });
  const folder = await Deno.makeTempDir({ prefix: "sqlwright_export_" });
  try {
    await withExports(async ({ application }) => {
      const { structured, links, text } = await application.callTool(
        "sqlwright_export",
        { tool: "odd_words", format: "ndjson" },
        callContext(),
      );
      assert.equal(structured.rows, 5, text);
      assert.equal(links?.[0]?.uri, structured.file);
      assert.equal(links?.[0]?.size, structured.bytes);
      assert.equal((await Deno.readTextFile(new URL(String(structured.file)))).split("\n").length, 6);
      const failed = await application.callTool("sqlwright_export", { tool: "odd_stops" }, callContext());
      assert.equal(failed.isError, true);
      assert.equal((await Array.fromAsync(Deno.readDir(folder))).length, 1, "half a file is no file");
    }, { variables: { SQLWRIGHT_EXPORT_DIR: folder } });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a link is written through, and what is no regular file is not replaced", async () => {
  const folder = await Deno.makeTempDir({ prefix: "sqlwright_export_" });
  try {
    const [file, link, pipe] = ["out.csv", "link.csv", "pipe"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await Deno.writeTextFile(file, "before");
    await Deno.symlink(file, link);
    await writeWholeFile(link, async (sink) => await sink(new TextEncoder().encode("after")));
    assert.equal(await Deno.readTextFile(file), "after");
    assert.ok((await Deno.lstat(link)).isSymlink);
    assert.ok((await new Deno.Command("mkfifo", { args: [pipe] }).output()).success);
    await assert.rejects(
      writeWholeFile(pipe, () => assert.fail("it was begun")),
      { code: "export.unwritable", message: `Cannot write "${pipe}": it is no regular file` },
    );
    assert.ok((await Deno.lstat(pipe)).isFifo);
    assert.equal((await Array.fromAsync(Deno.readDir(folder))).length, 3);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a file that cannot be written says why, and what was there before stays", async () => {
  const folder = await Deno.makeTempDir({ prefix: "sqlwright_export_" });
  try {
    const path = join(folder, "out.csv");
    await Deno.writeTextFile(path, "before");
    const codeOf = async (path: string, produce: (sink: ByteSink) => Promise<void>) =>
      await writeWholeFile(path, produce).then(() => null, (error) => [error.code, error.message]);
    const fails = () => Promise.reject(new SqlwrightError("call.timeout", "late"));
    assert.deepEqual(
      await codeOf(path, async (sink) => {
        await sink(new Uint8Array(1e6));
        await fails();
      }),
      ["call.timeout", "late"],
    );
    assert.equal(await Deno.readTextFile(path), "before");
    const missing = await codeOf(join(folder, "no/out.csv"), () => Promise.resolve());
    assert.equal(missing![0], "export.unwritable");
    assert.match(missing![1], /no such folder/);
    assert.equal((await codeOf(folder, () => Promise.resolve()))![0], "export.unwritable");
    assert.deepEqual((await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name), ["out.csv"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
