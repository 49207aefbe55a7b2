import assert from "node:assert/strict";
import { brokenDirectory, makeShop, run, shopDirectory } from "./command.ts";
import { withFiles } from "../harness.ts";

const shop = await makeShop();
Deno.test.afterAll(async () => await shop[Symbol.asyncDispose]());
const databaseUrl = shop.url;

Deno.test("check of right files is one line", async () => {
  const { code, stdout, stderr } = await run(["check"], { databaseUrl });
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^✓ 8 files · [\d.]+ m?s\n$/);
  assert.equal(stderr, "");
});

Deno.test("check shows every fault of every file at its place, and ends with 1", async () => {
  const { code, stdout } = await run(["check", "--sql", brokenDirectory], { databaseUrl });
  assert.equal(code, 1);
  assert.ok(stdout.includes(
    [
      `error[unknown-tag]: "@parm" is not a tag`,
      ` --> ${brokenDirectory}/shop/near.sql:5:4`,
      "  |",
      "5 | -- @parm id  The thing's id",
      "  |    ^",
      `  help: Did you mean "@param"?`,
    ].join("\n"),
  ));
  assert.match(stdout, /untyped\.sql:5:8\n {2}\|\n5 \| select thing\.nmae\n {2}\| {8}\^/);
  assert.match(stdout, /✗ 3 files, 3 errors in 2 of them/);
});

Deno.test("check --json has exactly the agreed shape", async () => {
  const { code, stdout } = await run(["check", "--json", "--sql", brokenDirectory], { databaseUrl });
  assert.equal(code, 1);
  const { files } = JSON.parse(stdout);
  assert.deepEqual(files.map(({ path, ok }: Record<string, unknown>) => [path, ok]), [
    ["shop/fine.sql", true],
    ["shop/near.sql", false],
    ["shop/untyped.sql", false],
  ]);
  const [fine, near, untyped] = files;
  assert.deepEqual(Object.keys(fine), [
    "path",
    "tool",
    "kind",
    "ok",
    "diagnostics",
    "inputSchema",
    "outputSchema",
    "annotations",
  ]);
  assert.equal(fine.tool, "shop_fine");
  assert.equal(fine.kind, "value");
  assert.equal(fine.inputSchema.type, "object");
  assert.equal(fine.outputSchema.properties.value.type.includes("integer"), true);
  assert.equal(fine.annotations.readOnlyHint, true);
  assert.deepEqual(near.diagnostics[0], {
    code: "unknown-tag",
    severity: "error",
    line: 5,
    column: 4,
    message: '"@parm" is not a tag',
    hint: 'Did you mean "@param"?',
  });
  assert.equal(near.inputSchema, null);
  assert.equal(untyped.kind, "one");
  assert.equal(untyped.diagnostics[0].line, 5);
});

Deno.test("check lists _module.sql like any file, without a tool", async () => {
  const { stdout } = await run(["check", "--json"], { databaseUrl });
  const module = JSON.parse(stdout).files.find(({ path }: { path: string }) => path === "shop/_module.sql");
  assert.deepEqual(module, {
    path: "shop/_module.sql",
    tool: null,
    kind: null,
    ok: true,
    diagnostics: [],
    inputSchema: null,
    outputSchema: null,
    annotations: null,
  });
});

Deno.test("check takes files and folders, as they lie on the disk or in the SQL directory", async () => {
  const options = { databaseUrl, sql: brokenDirectory };
  const [onDisk, inDirectory, folder] = await Promise.all([
    run(["check", `${brokenDirectory}/shop/fine.sql`], options),
    run(["check", "shop/fine"], options),
    run(["check", "shop"], options),
  ]);
  assert.equal(onDisk.code, 0);
  assert.match(onDisk.stdout, /✓ 1 file /);
  assert.match(inDirectory.stdout, /✓ 1 file /);
  assert.match(folder.stdout, /✗ 3 files/);
});

Deno.test("check of a file that is not there says which was meant", async () => {
  const { code, stderr } = await run(["check", `${shopDirectory}/shop/get_thin.sql`], { databaseUrl });
  assert.equal(code, 2);
  assert.match(
    stderr,
    /there is no query file ".*get_thin\.sql"\n {2}help: Did you mean "shop\/get_thing\.sql"\?/,
  );
});

Deno.test("check without a database says that types were not checked, and fails unless --static says so", async () => {
  const [plain, isStatic, json] = await Promise.all([
    run(["check"]),
    run(["check", "--static"]),
    run(["check", "--json", "shop/get_thing"]),
  ]);
  assert.equal(plain.code, 1);
  assert.match(plain.stdout, /✗ 8 files, types not checked/);
  assert.match(
    plain.stderr,
    /error\[database\.unreachable\][\s\S]*warning: types, names and privileges were not checked/,
  );
  assert.equal(isStatic.code, 0);
  assert.match(isStatic.stdout, /✓ 8 files, types not checked/);
  assert.equal(json.code, 1);
  const [file] = JSON.parse(json.stdout).files;
  assert.equal(file.ok, false);
  assert.equal(file.diagnostics[0].code, "types-unchecked");
});

Deno.test("check --static still finds what the text alone shows", async () => {
  const { code, stdout } = await run(["check", "--static"], { sql: brokenDirectory });
  assert.equal(code, 1);
  assert.match(stdout, /error\[unknown-tag\]/);
  assert.doesNotMatch(stdout, /nmae/);
});

Deno.test("check of a folder that is not there is an error", async () => {
  const { code, stderr } = await run(["check", "--sql", "no_such_folder"], { databaseUrl });
  assert.equal(code, 1);
  assert.match(stderr, /^error\[catalog\.invalid\] Cannot read the SQL directory ".*no_such_folder"/);
});

Deno.test("list shows the tools by module, with kinds and parameters", async () => {
  const { code, stdout } = await run(["list"], { databaseUrl });
  assert.equal(code, 0);
  assert.match(stdout, /^shop {2}Shop\n {2}tool +kind +title +parameters\n/);
  assert.match(stdout, /shop_get_thing +one +Get a thing +id\n/);
  assert.match(stdout, /shop_list_things +many +List things +names\?, sold_out\?, cursor\?, page_size\?\n/);
});

Deno.test("list --json has the schemas", async () => {
  const { stdout } = await run(["list", "--json"], { databaseUrl });
  const [module] = JSON.parse(stdout).modules;
  assert.equal(module.name, "shop");
  const tool = module.tools.find(({ name }: { name: string }) => name === "shop_get_thing");
  assert.equal(tool.kind, "one");
  assert.deepEqual(tool.inputSchema.required, ["id"]);
});

Deno.test("list leaves broken files out, says so, and ends with 1", async () => {
  const { code, stdout, stderr } = await run(["list"], { databaseUrl, sql: brokenDirectory });
  assert.equal(code, 1);
  assert.match(stdout, /shop_fine/);
  assert.doesNotMatch(stdout, /shop_near/);
  assert.match(stderr, /2 broken files left out: sqlwright check shows why/);
});

Deno.test("check --json and list show the scopes of a tool, also those of its module", async () => {
  const files = {
    "vault/_module.sql": "-- title: Vault\n-- A vault.\n-- @scope vault:read\n",
    "vault/look.sql": "-- name: look :value\n-- Looks.\n\nselect 1 as one;\n",
    "vault/open.sql":
      "-- name: open :value\n-- Opens.\n--\n-- @scope vault:open  vault:admin\n\nselect 1 as one;\n",
  };
  await withFiles(files, async (sql) => {
    const [checked, listed, table] = await Promise.all([
      run(["check", "--json"], { databaseUrl, sql }),
      run(["list", "--json"], { databaseUrl, sql }),
      run(["list"], { databaseUrl, sql }),
    ]);
    const scopesByTool = { vault_look: ["vault:read"], vault_open: ["vault:open", "vault:admin"] };
    const ofCheck = JSON.parse(checked.stdout).files.filter(({ tool }: { tool: string | null }) =>
      tool !== null
    );
    const ofList = JSON.parse(listed.stdout).modules.flatMap(({ tools }: { tools: unknown[] }) => tools)
      .filter(({ name }: { name: string }) => name.startsWith("vault_"));
    type Shown = { tool?: string; name?: string; scopes: string[] };
    for (const shown of [ofCheck, ofList] as Shown[][]) {
      assert.deepEqual(
        Object.fromEntries(shown.map(({ tool, name, scopes }) => [tool ?? name, scopes])),
        scopesByTool,
      );
    }
    assert.match(table.stdout, /vault_open\s+:?value\s+vault:open vault:admin/);
  });
});
