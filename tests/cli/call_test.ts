import assert from "node:assert/strict";
import { brokenDirectory, type CommandResult, makeShop, run } from "./command.ts";

const shop = await makeShop();
Deno.test.afterAll(async () => await shop[Symbol.asyncDispose]());

function call(...args: string[]): Promise<CommandResult> {
  return run(["call", ...args], { databaseUrl: shop.url });
}

Deno.test("call draws rows as a table: numbers on the right by their points, null dim, controls harmless", async () => {
  const { code, stdout, stderr } = await call("shop_list_things", "--sold-out", "--page-size", "10");
  assert.equal(code, 0, stderr);
  const lines = stdout.split("\n");
  assert.equal(lines[0], "  price  id  name   note" + " ".repeat(67) + "added_on");
  assert.match(lines[1]!, /^─+ {2}──/);
  assert.match(lines[2]!, /^ {2}12\.50 {3}1 {2}Lamp {3}null +2026-01-02$/);
  assert.match(stdout, /^1250\.00 {3}2 {2}Table {2}oak, by hand +2026-01-02$/m);
  assert.ok(!stdout.includes("\x1b"));
  assert.match(stderr, /^4 rows · [\d.]+ m?s\n$/);
});

Deno.test("call reads values as the tool's schema says", async () => {
  const { stdout } = await call("shop_list_things", "--names", "Chair,Desk", "--sold_out=true", "--json");
  assert.deepEqual(JSON.parse(stdout).rows.map(({ name }: { name: string }) => name), ["Chair", "Desk"]);
});

Deno.test("call takes one JSON object", async () => {
  const { stdout } = await call("shop_get_thing", '{"id": 4}', "--json");
  assert.equal(JSON.parse(stdout).row.name, "Desk");
});

Deno.test("call pages with the cursor of the call before, which was another process", async () => {
  const first = await call("shop_list_things", "--sold-out", "--page-size", "2", "--json");
  const { rows, next_cursor: cursor } = JSON.parse(first.stdout);
  assert.deepEqual(rows.map(({ id }: { id: number }) => id), [1, 3]);
  const next = await call("shop_list_things", "--sold-out", "--page-size", "2", "--cursor", cursor);
  assert.match(next.stdout, /Desk[\s\S]*Table/);
  const drawn = await call("shop_list_things", "--sold-out", "--page-size", "2");
  assert.ok(drawn.stderr.includes(`more: --cursor ${cursor}\n`));
});

Deno.test("call says when a ceiling cut rows off", async () => {
  const { code, stdout, stderr } = await call("shop_first_things");
  assert.equal(code, 0);
  assert.match(stdout, /Lamp[\s\S]*Table\n$/);
  assert.match(stderr, /^cut: Only the first 2 rows/);
});

Deno.test("call draws one row as pairs, a value as itself, a report as a document", async () => {
  const [one, none, value, report] = await Promise.all([
    call("shop_get_thing", "--id", "1"),
    call("shop_get_thing", "--id", "99"),
    call("shop_count_things"),
    call("shop_report"),
  ]);
  assert.equal(one.stdout, "id     1\nname   Lamp\nprice  12.50\nnote   null\n");
  assert.equal(none.stdout, "null: there is no such row\n");
  assert.equal(value.stdout, "4\n");
  assert.match(
    report.stdout,
    /^shop\n {2}name {2}Corner\n {2}open {2}true\n\nthings\n {2}id {2}name +price\n/,
  );
  assert.match(report.stdout, /^ {3}1 {2}Lamp +12\.50$/m);
  assert.match(report.stdout, /^returns {2}none$/m);
});

Deno.test("call of an :unnest tool draws what changed", async () => {
  const { code, stdout } = await call(
    "shop_set_stock",
    "--rows",
    '[{"id": 1, "stock": 77}, {"id": 55, "stock": 1}]',
  );
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^1 row affected\n1 updated · 0 unchanged · 1 missing\nmissing: rows\[1\]\n\nid {2}stock\n──+ {2}─+\n 1 +77\n$/,
  );
});

Deno.test("call says of a dry run that nothing was kept", async () => {
  const { code, stdout } = await call(
    "shop_set_stock",
    '{"rows": [{"id": 1, "stock": 78}], "dry_run": true}',
  );
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^1 row would be affected; a dry run, nothing was kept\n1 updated · 0 unchanged · 0 missing\n/,
  );
});

Deno.test("call --source loads a file and tells counts and speed", async () => {
  const path = await Deno.makeTempFile({ suffix: ".csv" });
  const rows = Array.from({ length: 1500 }, (_, index) => `${1000 + index},Thing ${index},1.25,1`);
  await Deno.writeTextFile(path, rows.join("\n") + "\n");
  const { code, stdout, stderr } = await call("shop_load_things", "--source", path);
  await Deno.remove(path);
  assert.equal(code, 0, stderr);
  assert.equal(
    stdout,
    "copied     1,500 rows\ninserted   1,500 rows\nupdated    0 rows\nunchanged  0 rows\nrejected   0 rows\n",
  );
  assert.match(stderr, /^[\d,]+ rows\/s · /);
  const [loaded] = await shop.query(
    `with gone as (delete from shop.thing where id >= 1000 returning id) select count(*) as loaded from gone`,
  );
  assert.equal(loaded?.loaded, "1500");
});

Deno.test("call names the row and column of bad data, and nothing is loaded", async () => {
  const path = await Deno.makeTempFile({ suffix: ".csv" });
  await Deno.writeTextFile(path, "501,Good,1,1\n502,Bad,cheap,1\n");
  const [bad, missing] = await Promise.all([
    call("shop_load_things", "--source", path),
    call("shop_load_things", "--source", `${path}.not`),
  ]);
  await Deno.remove(path);
  assert.equal(bad.code, 1);
  assert.equal(bad.stdout, "");
  assert.match(bad.stderr, /^error\[load\.row_invalid\] Cannot load "[^"]+", line 2, column "price": /);
  assert.match(bad.stderr, /help: Nothing was loaded/);
  assert.deepEqual(await shop.query("select from shop.thing where id > 500"), []);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /^error\[load\.source_unreadable\] .*there is no such file/);
});

Deno.test("a wrong argument is the tool's own error, drawn, and ends with 1", async () => {
  const [wrong, missing, json] = await Promise.all([
    call("shop_get_thing", "--id", "first"),
    call("shop_get_thing"),
    call("shop_get_thing", "--id", "0", "--json"),
  ]);
  assert.equal(wrong.code, 1);
  assert.equal(wrong.stdout, "");
  assert.match(
    wrong.stderr,
    /^error\[argument\.invalid\] Cannot call shop_get_thing: "id" must be an integer, found "first"\n {2}help: /,
  );
  assert.match(missing.stderr, /"id" is required/);
  assert.equal(json.code, 1);
  assert.equal(JSON.parse(json.stdout).error.code, "argument.invalid");
});

Deno.test("an unknown --param is wrong usage, told with the one that was meant", async () => {
  const [unknown, noValue, twoWords, noJson] = await Promise.all([
    call("shop_list_things", "--nmes", "Chair"),
    call("shop_get_thing", "--id"),
    call("shop_get_thing", "1", "2"),
    call("shop_get_thing", "one"),
  ]);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /shop_list_things has no parameter "nmes"\n {2}help: Did you mean "names"\?/);
  assert.equal(noValue.code, 2);
  assert.match(noValue.stderr, /option "--id" needs a value/);
  assert.equal(twoWords.code, 2);
  assert.equal(noJson.code, 2);
  assert.match(noJson.stderr, /the arguments are no JSON/);
});

Deno.test("an unknown tool is told with the one that was meant", async () => {
  const { code, stderr } = await call("shop_get_thin");
  assert.equal(code, 1);
  assert.equal(
    stderr,
    'error[tool.unknown] There is no tool "shop_get_thin"\n  help: Did you mean "shop_get_thing"?\n',
  );
});

Deno.test("call TOOL --help shows the tool's own parameters", async () => {
  const { code, stdout } = await call("shop_list_things", "--help");
  assert.equal(code, 0);
  assert.match(stdout, /^shop_list_things :many {2}List things\n/);
  assert.match(stdout, /--names +list of string +Only these names\n/);
  assert.match(stdout, /--sold_out +boolean +default false +Also what is sold out\n/);
});

Deno.test("call of a tool whose file is broken shows its faults and calls nothing", async () => {
  const { code, stdout, stderr } = await run(["call", "shop_near"], {
    databaseUrl: shop.url,
    sql: brokenDirectory,
  });
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(
    stderr,
    /^error\[[\s\S]*shop\/near\.sql[\s\S]*error\[catalog\.invalid\] Cannot start: \d errors? in 1 query file/,
  );
});

Deno.test("call refuses a superuser, and says how to go on", async () => {
  const { code, stderr } = await run(["call", "shop_count_things"], { databaseUrl: shop.superuserUrl });
  assert.equal(code, 1);
  assert.match(stderr, /^error\[database\.refused\] .*superuser.*\n {2}help: .*SQLWRIGHT_SUPERUSER=allow/);
});

Deno.test("arguments come from standard input or a file as well, and a word that is none names the tool's own", async () => {
  await using shop = await makeShop();
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(path, '{"id": 1}');
    const options = { databaseUrl: shop.url };
    const [piped, file, missing, word] = await Promise.all([
      run(["call", "shop_get_thing", "-", "--json"], { ...options, stdin: '{"id": 1}' }),
      run(["call", "shop_get_thing", `@${path}`, "--json"], options),
      run(["call", "shop_get_thing", "@/no/such/file.json"], options),
      run(["call", "shop_get_thing", "5"], options),
    ]);
    assert.equal(JSON.parse(piped.stdout).row.name, "Lamp", piped.stderr);
    assert.equal(JSON.parse(file.stdout).row.name, "Lamp", file.stderr);
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /cannot read "\/no\/such\/file\.json"/);
    assert.equal(word.code, 2);
    assert.match(word.stderr, /Write --id VALUE, .* shop_get_thing takes --id/);
  } finally {
    await Deno.remove(path);
  }
});
