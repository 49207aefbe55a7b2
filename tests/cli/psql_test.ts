/** `psql`: every shipped file of the read kinds runs unmodified in psql, with its example's values, and answers as many rows. */

import assert from "node:assert/strict";
import { readTarget } from "../../src/postgres/target/target.ts";
import { psqlLine, psqlVariables, shellLine, shellWord, sqlLiteral } from "../../src/cli/files/psql_line.ts";
import { UsageError } from "../../src/cli/console/console.ts";
import { loadQueries } from "../../src/query/loader.ts";
import { readKinds } from "../../src/query/model.ts";
import {
  callContext,
  project,
  type TestDatabase,
  testOnEachWithPsql,
  withDatabase,
  withFiles,
  withTestApplication,
} from "../harness.ts";
import { testWith } from "../services.ts";
import { makeShop, run } from "./command.ts";

const target = readTarget(
  "postgresql://me:hunter2@db.example:5433/app?sslmode=require",
  () => undefined,
);
const settings = "-c array_nulls=on -c backslash_quote=safe_encoding -c datestyle=ISO,\\ YMD " +
  "-c intervalstyle=iso_8601 -c row_security=on -c standard_conforming_strings=on -c timezone=UTC " +
  "-c transform_null_equals=off -c xmlbinary=base64 -c xmloption=content";
const header = { role: null } as Parameters<typeof psqlLine>[0]["header"];

Deno.test("values are quoted as the file uses them: :'name' by psql, :name as a literal", () => {
  const source = "select :'quoted'::text, :bare::text, :count::int, :absent::date, ':string' -- :comment\n";
  const variables = psqlVariables(
    { source, tool: "a_b", integers: new Set(["count"]) },
    { quoted: "it's", bare: "it's", count: "20", absent: null },
  );
  assert.deepEqual(variables, {
    quoted: "it's",
    bare: "'it''s'",
    count: "20",
    absent: "null",
  });
});

Deno.test("digits of a text keep their zeros, and a negative number is no comment", () => {
  const query = {
    source: "select :code::text, 1 -:n",
    tool: "a_b",
    integers: new Set(["n"]),
  };
  assert.deepEqual(psqlVariables(query, { code: "007", n: "-5" }), {
    code: "'007'",
    n: "'-5'",
  });
  assert.equal(sqlLiteral(null), "null");
});

Deno.test("a value with a backslash is written so that no setting of a session changes it", () => {
  assert.equal(sqlLiteral("a\\b"), "E'a\\\\b'");
  assert.equal(sqlLiteral("\\', null); --"), "E'\\\\'', null); --'");
});

Deno.test("what psql cannot express is told with what to write", () => {
  const integers = new Set<string>();
  assert.throws(
    () =>
      psqlVariables({ source: "select :'a'::text", tool: "m_t", integers }, {
        a: null,
      }),
    (error) => error instanceof UsageError && /null to :'a'/.test(error.message),
  );
  assert.throws(
    () =>
      psqlVariables(
        { source: "select :'a'::text, :a", tool: "m_t", integers },
        { a: "x" },
      ),
    (error) => error instanceof UsageError && /both :'a' and :a/.test(error.message),
  );
});

Deno.test("the line is quoted for a shell, names host and role, and never the password", () => {
  const line = psqlLine(
    {
      source: "select :name::text",
      tool: "a_b",
      integers: new Set(),
      header: { ...header, role: "odd role" },
    },
    { name: 'a $HOME `id` "x" it\'s\n' },
    { file: "sql/a/b.sql", target },
  );
  assert.ok(!JSON.stringify(line).includes("hunter2"));
  assert.equal(
    shellLine(line),
    `PGSSLMODE=require PGCLIENTENCODING=UTF8 PGOPTIONS='${settings} -c role=odd\\ role' psql -X -h db.example -p 5433 -U me -d app ` +
      "-v ON_ERROR_STOP=1 -v 'name='\\''a $HOME `id` \"x\" it'\\'''\\''s\n'\\''' -f sql/a/b.sql",
  );
});

Deno.test("a POSIX shell reads every quoted word as it was", async () => {
  const words = [
    "plain",
    "",
    "it's",
    '"double"',
    "$HOME `id` \\ !x",
    "two\nlines",
    "'a' \"b\" $c",
    "*",
    "ü 日本",
    "-- x",
  ];
  const { stdout } = await new Deno.Command("sh", {
    args: [
      "-c",
      `for word in ${words.map(shellWord).join(" ")}; do printf '%s\\0' "$word"; done`,
    ],
  }).output();
  assert.deepEqual(
    new TextDecoder().decode(stdout).split("\0").slice(0, -1),
    words,
  );
});

testOnEachWithPsql(
  "every shipped read file runs unmodified in psql and answers as many rows as its tool",
  (server) =>
    withDatabase(async (database) => {
      const lines = await exampleLines(database);
      assert.ok(lines.length >= 35, String(lines.length));
      const wrong: string[] = [];
      for (const { tool, example, line, count } of lines) {
        const { success, stdout, stderr } = await sh(
          `${line} -q -t -A -F '|' -P null=NULL`,
          database,
        );
        const found = stdout === "" ? 0 : stdout.trimEnd().split("\n").length;
        if (!success) wrong.push(`${tool} ${example}: ${stderr}\n${line}`);
        else if (found !== count) {
          wrong.push(
            `${tool} ${example}: ${found} rows in psql, ${count} in the tool\n${line}`,
          );
        }
      }
      for (const line of await viewLines(database)) {
        const { success, stderr } = await sh(line, {
          serverUrl: database.ownerUrl,
        });
        if (!success) wrong.push(`${line}: ${stderr}`);
      }
      assert.deepEqual(wrong, []);
    }, { server }),
);

testWith(
  "psql",
  "a :copy file is run with the rows of a file, in one transaction, printed or with --run",
  () =>
    withDatabase((database) =>
      withFiles({
        "concept.csv":
          'taxonomy,tag,label,description,labelled_on\ntest,One,First,,\ntest,Two,"Second, quoted",text,2026-01-31',
      }, async (directory) => {
        const words = [
          "edgar_load_concepts",
          "--source",
          `${directory}/concept.csv`,
        ];
        const options = { databaseUrl: database.serverUrl, project: "edgar" };
        const labels = async () =>
          [
            ...await database
              .sql`select label from edgar.concept where taxonomy = 'test' order by tag`,
          ].map(({ label }) => label);
        const printed = await run(["psql", ...words], options);
        assert.equal(printed.code, 0, printed.stderr);
        assert.match(
          printed.stdout,
          /^PGCLIENTENCODING=UTF8 PGOPTIONS='[^']*' psql -X .* -1 -c 'create temporary table [^]* -c 'copy incoming [^]* -c 'insert into [^]*' < \S+concept\.csv\n$/,
        );
        const shell = await sh(printed.stdout.trim(), database);
        assert.ok(shell.success, shell.stderr);
        assert.deepEqual(await labels(), ["First", "Second, quoted"]);
        await database.sql`delete from edgar.concept where taxonomy = 'test'`;
        const ran = await run(["psql", ...words, "--run"], options);
        assert.equal(ran.code, 0, ran.stderr);
        assert.deepEqual(await labels(), ["First", "Second, quoted"]);
      })
    ),
);

testWith(
  "psql",
  "--run runs psql with the password in its environment, and fails as psql fails",
  async () => {
    await using shop = await makeShop();
    const fine = await run(["psql", "shop_get_thing", "--id", "1", "--run"], {
      databaseUrl: shop.url,
    });
    assert.equal(fine.code, 0, fine.stderr);
    assert.match(fine.stdout, /Lamp/);
    await withFiles({
      "shop/fails.sql":
        "-- name: fails :value\n-- Divides by zero.\n--\n-- @param by   What to divide by\n\n" +
        "select 1 / :by::integer as divided;\n",
    }, async (sql) => {
      const failed = await run(["psql", "shop_fails", "--by", "0", "--run"], {
        databaseUrl: shop.url,
        sql,
      });
      assert.equal(failed.code, 1);
      assert.match(failed.stderr, /division by zero/);
    });
  },
);

Deno.test("psql prints the line and its notes; what it cannot do is wrong usage", async () => {
  await using shop = await makeShop();
  const options = { databaseUrl: shop.url };
  const [line, json, copy, unknown, near, both] = await Promise.all([
    run(["psql", "shop_list_things", "--names", "Chair,Desk"], options),
    run(
      ["psql", "shop_list_things", '{"names": ["Chair"]}', "--json"],
      options,
    ),
    run(["psql", "shop_load_things"], options),
    run(["psql", "shop_list_thing"], options),
    run(["psql", "shop_list_things", "--nams", "x"], options),
    run(["psql", "shop_get_thing", "--id", "1", "--run", "--json"], options),
  ]);
  const password = new URL(shop.url).password;
  assert.equal(line.code, 0, line.stderr);
  assert.match(
    line.stdout,
    /^PGCLIENTENCODING=UTF8 PGOPTIONS='[^']*' psql -X -h \S+ -p \d+ -U \S+ -d \S+ -v ON_ERROR_STOP=1 -v .*-f tests\/fixtures\/cli\/sql\/shop\/list_things\.sql\n$/,
  );
  assert.match(line.stderr, /pages are the tool's own/);
  assert.match(line.stderr, /set PGPASSWORD/);
  assert.ok(
    !line.stdout.includes(`:${password}`) && !/PGPASSWORD=/.test(line.stdout),
  );
  const report = JSON.parse(json.stdout);
  assert.deepEqual([report.tool, report.program, report.arguments], [
    "shop_list_things",
    "psql",
    {
      names: ["Chair"],
    },
  ]);
  assert.ok(
    report.args.includes("sold_out='f'") ||
      report.args.includes("sold_out='false'"),
    json.stdout,
  );
  assert.equal(copy.code, 2);
  assert.match(copy.stderr, /Name it with --source FILE/);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /Did you mean "shop_list_things"\?/);
  assert.equal(near.code, 2);
  assert.match(near.stderr, /Did you mean "names"\?/);
  assert.equal(both.code, 2);
});

interface ExampleLine {
  tool: string;
  example: string;
  line: string;
  count: number;
}

/** Of every example of a read kind that answers without an error; pages are followed to the end. */
async function exampleLines(
  { serverUrl }: TestDatabase,
): Promise<ExampleLine[]> {
  return await withTestApplication(
    { DATABASE_URL: serverUrl },
    async (application) => {
      const lines: ExampleLine[] = [];
      for (const [name, tool] of application.catalog().tools) {
        const { parsed } = tool.query;
        if (!readKinds.has(tool.kind) || tool.kind === "view") continue;
        for (
          const { name: example, arguments: args, expect } of parsed.header
            .examples
        ) {
          if (expect.kind === "error") continue;
          let count = 0;
          let cursor: unknown = null;
          do {
            const { structured } = await application.callTool(
              name,
              {
                ...args,
                ...(cursor === null ? {} : { cursor }),
                ...(tool.page === null ? {} : { page_size: Math.min(1000, tool.limits.rows) }),
              },
              callContext(),
            );
            assert.equal(structured.error, undefined, `${name} ${example}`);
            const only = structured.row ?? structured.value ??
              structured.report;
            count += Array.isArray(structured.rows)
              ? structured.rows.length
              : only === null || only === undefined
              ? 0
              : 1;
            cursor = structured.next_cursor ?? null;
          } while (cursor !== null);
          const integers = new Set(
            tool.query.parameters.filter(({ type }) => /^int|cik$/.test(type.name) || type.name === "integer")
              .map(({ name }) => name),
          );
          const line = psqlLine(
            { ...parsed, integers },
            tool.binding.bind(args).values,
            {
              file: `edgar/sql/${parsed.path}`,
              target: readTarget(serverUrl),
            },
          );
          lines.push({ tool: name, example, line: shellLine(line), count });
        }
      }
      return lines;
    },
  );
}

/** The file of a :view makes the view, which is the owner's. */
async function viewLines({ ownerUrl }: TestDatabase): Promise<string[]> {
  const { queries } = await loadQueries(`${project}edgar/sql`);
  return queries.filter(({ kind }) => kind === "view").map((query) =>
    shellLine(psqlLine({ ...query, integers: new Set() }, {}, {
      file: `edgar/sql/${query.path}`,
      target: readTarget(ownerUrl),
    }))
  );
}

async function sh(
  line: string,
  { serverUrl }: Pick<TestDatabase, "serverUrl">,
): Promise<{ success: boolean; stdout: string; stderr: string }> {
  const { password: source } = readTarget(serverUrl);
  const password = source.kind === "text" ? source.password.value : undefined;
  const { success, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", line],
    cwd: project,
    env: password === undefined ? {} : { PGPASSWORD: password },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    success,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}
