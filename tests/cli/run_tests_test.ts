/** `test`: the shipped examples and SQL tests, and what a failing, broken or writing test looks like. */

import assert from "node:assert/strict";
import { testOnEach, type TestServer, withDatabase, withFiles } from "../harness.ts";
import { type CommandResult, makeShop, run, shopDirectory } from "./command.ts";

const shop = await makeShop();
Deno.test.afterAll(async () => await shop[Symbol.asyncDispose]());

/** `test` over the shop's tools and SQL tests of this test. */
function testShop(
  files: Record<string, string>,
  check: (result: CommandResult, directory: string) => Promise<void> | void,
  ...args: string[]
): Promise<void> {
  return withFiles(files, async (directory) => {
    const result = await run(["test", "--tests", directory, ...args], { databaseUrl: shop.url });
    await check(result, directory);
  });
}

testOnEach(
  "every shipped example and every shipped SQL test passes and leaves nothing",
  (server: TestServer) =>
    withDatabase(async ({ serverUrl, sql }) => {
      const counts = async () => [
        ...await sql`
      select
        (select count(*)::integer from edgar.company) as companies,
        (select count(*)::integer from edgar.filing) as filings,
        (select count(*)::integer from edgar.fact) as facts,
        (select count(*)::integer from edgar.filing where status = 'failed') as failed,
        (select max(filing.updated_at)::text from edgar.filing as filing) as updated_at`,
      ];
      const before = await counts();
      const { code, stdout, stderr } = await run(["test", "--json"], {
        databaseUrl: serverUrl,
        project: "edgar",
      });
      const report = JSON.parse(stdout);
      const wrong = report.tests.filter(({ ok }: { ok: boolean }) => !ok);
      assert.deepEqual(wrong, [], stderr);
      assert.equal(code, 0);
      assert.equal(report.failed, 0);
      assert.ok(
        report.tests.filter(({ file }: { file: string }) => file.startsWith("edgar/sql/edgar/")).length >= 55,
      );
      assert.ok(
        report.tests.filter(({ file }: { file: string }) => file.startsWith("edgar/tests/sql/")).length >= 12,
      );
      assert.deepEqual(await counts(), before);
    }, { server }),
);

Deno.test("a test is a line with a mark and its time, and the summary counts", () =>
  testShop({
    "shop/things.sql": `-- test: a lamp is there
-- call: shop_get_thing {id: 1}
-- expect: {row: {name: Lamp}}

-- test: nothing has the number 99
-- call: shop_get_thing {id: 99}
-- expect: null
`,
  }, ({ code, stdout, stderr }, directory) => {
    assert.equal(code, 0, stderr);
    assert.ok(stdout.includes(`${directory}/shop/things.sql\n`), stdout);
    assert.match(stdout, /^ {2}✓ a lamp is there {2}[\d.]+ m?s$/m);
    assert.match(stdout, /^ {2}✓ nothing has the number 99 {2}[\d.]+ m?s$/m);
    assert.match(stdout, /\n✓ 2 passed, 0 failed in [\d.]+ m?s\n$/);
  }));

Deno.test("a difference is drawn with its path, place, and both values; the exit code is 1", () =>
  testShop({
    "wrong.sql": `-- test: two things differ
-- call: shop_get_thing {id: 1}
-- expect: {row: {name: Sofa, price: '12.50', id: 2}}
`,
  }, ({ code, stdout }) => {
    assert.equal(code, 1);
    assert.match(stdout, /^ {2}✗ two things differ {2}[\d.]+ m?s$/m);
    assert.match(
      stdout,
      /^ {6}call shop_get_thing, row\.name {2}\S+wrong\.sql:3:12\n {8}expected {2}"Sofa"\n {8}found {5}"Lamp"$/m,
    );
    assert.match(stdout, /row\.id .*\n {8}expected {2}2\n {8}found {5}1$/m);
    assert.match(stdout, /✗ 0 passed, 1 failed in/);
  }));

Deno.test("each expectation fails with what was found", () =>
  testShop({
    "each.sql": `-- test: rows
-- call: shop_list_things {sold_out: true}
-- expect: rows = 2
-- expect: rows >= 9

-- test: no error
-- call: shop_get_thing {id: 1}
-- expect: error 22P02
-- expect: denied

-- test: another error
insert into shop.thing (id, name, price) values (1, 'Lamp', 1);
-- expect: error 23503
-- expect: denied

-- test: not null
-- call: shop_get_thing {id: 1}
-- expect: null

-- test: affected
update shop.thing set stock = 0 where id in (1, 2);
-- expect: affected = 3

-- test: an error that nothing expects
-- call: shop_get_thing {id: one}

-- test: no such tool
-- call: shop_get_things {id: 1}
-- expect: rows = 1

-- test: assertion false
select count(*) = 5 from shop.thing as thing;

-- test: assertion null
select null::boolean;

-- test: assertion without rows
select true from shop.thing as thing where thing.id = 99;

-- test: a query that looks at nothing
select thing.id from shop.thing as thing;

-- test: an error at its own character
select thing.idd = 1 from shop.thing as thing;

-- test: plan
-- call: shop_get_thing {id: 1}
-- expect: plan uses index no_such_index
-- expect: plan cost < 0

-- test: plan of a statement
select thing.name from shop.thing as thing where thing.name = 'Lamp';
-- expect: plan without seq scan on shop.thing

-- test: a role that is not there
-- as: nobody_at_all
select true;
`,
  }, ({ stdout }) => {
    const { tests, failed } = JSON.parse(stdout);
    const found = Object.fromEntries(
      tests.map(({ name, failures }: { name: string; failures: { expected: string; found: string }[] }) => [
        name,
        failures.map((failure) => `${failure.expected} | ${failure.found}`),
      ]),
    );
    assert.equal(failed, tests.length, stdout);
    assert.deepEqual(found.rows, ["rows = 2 | rows = 4", "rows >= 9 | rows = 4"]);
    assert.match(found["no error"][0], /^error 22P02 \| no error: \{"row":\{"id":1/);
    assert.match(found["no error"][1], /^denied \| no error/);
    assert.match(found["another error"][0], /^error 23503 \| error database\.failed, 23505: duplicate key/);
    assert.match(found["another error"][1], /^denied \| error database\.failed, 23505/);
    assert.match(found["not null"][0], /^null \| \{"id":1,"name":"Lamp"/);
    assert.deepEqual(found.affected, ["affected = 3 | affected = 2"]);
    assert.match(found["an error that nothing expects"][0], /^an answer \| error argument\.invalid/);
    assert.match(found["no such tool"][0], /^rows = 1 \| error tool\.unknown.*did you mean "shop_get_thing"/);
    assert.deepEqual(found["assertion false"], ["true | false"]);
    assert.deepEqual(found["assertion null"], ["true | null"]);
    assert.deepEqual(found["assertion without rows"], ["true | no rows"]);
    assert.match(found["a query that looks at nothing"][0], /one boolean column/);
    assert.match(found["an error at its own character"][0], /^no error \| error database\.failed, 42703/);
    assert.match(found.plan[0], /^plan uses index no_such_index \| (Index|Seq) Scan .*shop\.thing/);
    assert.match(found.plan[1], /^plan cost < 0 \| cost [\d.]+/);
    assert.match(
      found["plan of a statement"][0],
      /^plan without seq scan on shop\.thing \| Seq Scan on shop\.thing$/,
    );
    assert.match(found["a role that is not there"][0], /nobody_at_all/);
    const character = tests.find(({ name }: { name: string }) => name === "an error at its own character");
    assert.deepEqual([character.failures[0].line, character.failures[0].column], [44, 8]);
  }, "--json"));

Deno.test("what a test writes the next step sees, and nothing outside of it ever", async () => {
  await testShop({
    "writes.sql": `insert into shop.thing (id, name, price) values (50, 'Shelf', 20);

-- test: one
-- call: shop_set_stock {rows: [{id: 50, stock: 7}]}
-- expect: affected = 1
-- call: shop_get_thing {id: 50}
-- expect: {row: {name: Shelf}}
select thing.stock = 7 from shop.thing as thing where thing.id = 50;

-- test: two begins again
select thing.stock = 1 from shop.thing as thing where thing.id = 50;

-- test: a load is undone too, and can run twice
-- call: shop_load_things {rows: [{id: 60, name: Box, price: '1.00', stock: 1}]}
-- expect: {copied: 1}
-- call: shop_load_things {rows: [{id: 61, name: Box, price: '1.00', stock: 1}]}
-- expect: {copied: 1}
select count(*) = 2 from shop.thing as thing where thing.name = 'Box';

-- test: a failed step leaves nothing behind, and the test goes on
insert into shop.thing (id, name, price) values (70, 'Rug', 1), (1, 'Lamp', 1);
-- expect: error 23505
select not exists (select from shop.thing as thing where thing.id = 70);
`,
  }, ({ code, stdout }) => assert.equal(code, 0, stdout));
  assert.deepEqual(await shop.query("select count(*)::integer as count from shop.thing"), [{ count: 4 }]);
});

Deno.test("a read tool cannot write in a test either", () =>
  withFiles({
    "sql/shop/take.sql": `-- name: take :value
-- Takes one from the stock, which a :value must not.
-- @allow read-tool-writes  the test wants to see it fail

select shop.take_one() as left_over;
`,
    "tests/take.sql": `create function shop.take_one() returns integer language sql as
  'update shop.thing set stock = stock - 1 where id = 1 returning stock';

-- test: a write inside of a read tool is denied
-- call: shop_take {}
-- expect: denied
-- expect: error 25006
`,
  }, async (directory) => {
    await shop.query(
      "create function shop.take_one() returns integer language sql as 'update shop.thing set stock = stock - 1 where id = 1 returning stock'",
    );
    try {
      const { code, stdout } = await run(
        ["test", "--sql", `${directory}/sql`, "--tests", `${directory}/tests`, "--filter", "write inside"],
        { databaseUrl: shop.superuserUrl, env: { SQLWRIGHT_SUPERUSER: "allow" } },
      );
      // The set-up fails: the function is there. A test whose set-up fails has failed.
      assert.equal(code, 1);
      assert.match(stdout, /42723/);
      await Deno.writeTextFile(
        `${directory}/tests/take.sql`,
        (await Deno.readTextFile(`${directory}/tests/take.sql`)).replace(/^create[^;]*;/, ""),
      );
      const again = await run(
        ["test", "--sql", `${directory}/sql`, "--tests", `${directory}/tests`],
        { databaseUrl: shop.superuserUrl, env: { SQLWRIGHT_SUPERUSER: "allow" } },
      );
      assert.equal(again.code, 0, again.stdout);
    } finally {
      await shop.query("drop function shop.take_one()");
    }
  }));

Deno.test("a broken test file is shown with its caret, and the others run", () =>
  testShop({
    "broken.sql": `-- expect: rows = 1

-- test: a
-- expct: rows = 1
-- call: shop_get_thing {id: }
-- call: shop_get_thing {id: 1}
-- expect: rows == 1
-- expect: plan uses indx x
select :id = 1;
commit;
copy shop.thing (id) from stdin;
select 1 = 1

-- test: a
-- test:
-- as: No Role
select from where;
`,
    "fine.sql": "-- test: fine\nselect true;\n",
  }, ({ code, stdout }, directory) => {
    assert.equal(code, 1);
    assert.match(stdout, /✓ fine/);
    const places = [...stdout.matchAll(/broken\.sql:(\d+):(\d+)/g)].map(([, line, column]) =>
      `${line}:${column}`
    );
    const findings = [...stdout.matchAll(/^error\[([a-z-]+)\]: (.*)$/gm)].map(([, rule, text]) =>
      `${rule}: ${text}`
    );
    assert.deepEqual(
      findings.map((finding, index) => `${places[index]} ${finding}`),
      [
        "1:4 tag-misplaced: There is nothing above that this expects something of",
        '4:4 unknown-tag: "-- expct:" is no line of a test',
        '5:26 tag-value: The key "id" has no value: write "id: value"',
        '7:12 tag-value: "rows == 1" is not an expectation',
        '8:12 tag-value: "plan uses indx x" says nothing of a plan',
        "9:8 param-misplaced: :id is a parameter, and a test has none",
        "10:1 forbidden: A test runs in a transaction of its own, which is rolled back",
        "11:1 forbidden: A test cannot COPY",
        "14:4 syntax-error: The statement above this line does not end",
        '14:4 tag-duplicate: Another test is already called "a"',
        '15:4 tag-value: "-- test:" says nothing',
        '16:8 tag-value: "No Role" is not a name of a role',
        '17:13 syntax-error: syntax error at or near "where"',
      ],
      stdout,
    );
    assert.match(stdout, /help: Did you mean "-- expect: …"\?/);
    assert.ok(stdout.includes(directory));
    assert.match(stdout, /✗ 1 passed, 0 failed, 1 broken test file in/);
  }));

Deno.test("--junit writes XML that holds what failed, whatever its characters", () =>
  withFiles({
    "odd.sql": `-- test: <odd> & "quoted" name
select 'a\u0001b<&>' = 'c';

-- test: fine
select true;
`,
  }, async (directory) => {
    const path = `${directory}/report.xml`;
    const { code, stderr } = await run(["test", "--tests", directory, "--junit", path], {
      databaseUrl: shop.url,
    });
    assert.equal(code, 1);
    assert.ok(stderr.includes(`Wrote ${path}\n`));
    const xml = await Deno.readTextFile(path);
    assert.match(
      xml,
      /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites name="sqlwright" tests="2" failures="1" time="[\d.]+">/,
    );
    assert.match(xml, /name="&lt;odd&gt; &amp; &quot;quoted&quot; name" file="[^"]+odd\.sql" line="1"/);
    assert.match(xml, /<failure message="expected true, found false" type="failure">/);
    assert.match(xml, /<testcase [^>]*name="fine"[^>]*\/>/);
    assert.ok(!xml.includes("\u0001"));
    const opened = [...xml.matchAll(/<([a-z]+)(?: [^<>]*?[^/])?>/g)].map(([, name]) => name);
    const closed = [...xml.matchAll(/<\/([a-z]+)>/g)].map(([, name]) => name);
    assert.deepEqual(opened.toSorted(), closed.toSorted());
    const nowhere = await run(["test", "--tests", directory, "--junit", `${directory}/no/report.xml`], {
      databaseUrl: shop.url,
    });
    assert.equal(nowhere.code, 2);
    assert.match(nowhere.stderr, /cannot write/);
  }));

Deno.test("--filter and paths select; what selects nothing is wrong usage", async () => {
  const files = {
    "a/one.sql": "-- test: first\nselect true;\n-- test: second\nselect true;\n",
    "b/two.sql": "-- test: third\nselect true;\n",
  };
  await testShop(
    files,
    ({ stdout }) => {
      assert.match(stdout, /✓ second/);
      assert.match(stdout, /1 passed, 0 failed, \d+ left out/);
    },
    "--filter",
    "SECOND",
  );
  await testShop(
    files,
    ({ stdout }) => assert.match(stdout, /✓ first[\s\S]*✓ third/),
    "--filter",
    "/first|third/",
  );
  await testShop(
    files,
    ({ code, stderr }) => {
      assert.equal(code, 2);
      assert.match(stderr, /error\[usage\] no test was selected\n {2}help: --filter is a part/);
    },
    "--filter",
    "nowhere",
  );
  await withFiles(files, async (directory) => {
    const only = await run(["test", `${directory}/b`, "--tests", directory], { databaseUrl: shop.url });
    assert.match(only.stdout, /third/);
    assert.doesNotMatch(only.stdout, /first/);
    const wrong = await run(["test", `${directory}/b/twoo.sql`, "--tests", directory], {
      databaseUrl: shop.url,
    });
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /there is no test in ".*twoo\.sql"\n {2}help: Did you mean ".*b\/two\.sql"\?/);
  });
  const none = await run(["test", "--tests", "no/such/folder"], { databaseUrl: shop.url });
  assert.equal(none.code, 2);
  assert.match(none.stderr, /there is no folder "no\/such\/folder"/);
});

Deno.test("a broken query file stops the tests with its caret", () =>
  withFiles({
    "shop/bad.sql": "-- name: bad :many\n-- Bad.\n\nselect thing.idd from shop.thing as thing limit 1;\n",
  }, async (
    directory,
  ) => {
    const { code, stderr } = await run(["test", "--sql", directory], {
      databaseUrl: shop.url,
      sql: shopDirectory,
    });
    assert.equal(code, 1);
    assert.match(stderr, /bad\.sql:4:8/);
  }));
