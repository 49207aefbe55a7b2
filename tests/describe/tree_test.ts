import assert from "node:assert/strict";
import {
  child,
  children,
  numbers,
  readTree,
  strings,
  TreeBytes,
  type TreeNode,
  TreeSyntaxError,
  walkTree,
} from "../../src/describe/analysed_tree/node_text.ts";
import { readStatementTrees } from "../../src/describe/analysed_tree/statements.ts";
import { constantText } from "../../src/describe/analysed_tree/types.ts";
import { testOnEach } from "../harness.ts";
import { withSchema } from "./typed_files.ts";

const node = (text: string): TreeNode => readTree(text) as TreeNode;

Deno.test("readTree() reads nodes, lists, null, escapes and bytes", () => {
  const tree = node(
    String
      .raw`{VAR :varno 1 :name odd\ na\(me\\\) :none <> :text \<> :empty "" :list (i 1 -2) :names ("a\ b" "" "i") :bits (b) :flag true :value 4 [ 1 0 -1 0 0 0 0 0 ] :inner {A} :colon :x}`,
  );
  assert.equal(tree.name, "VAR");
  const { value, ...fields } = tree.fields;
  assert.deepEqual({ ...fields, inner: child(tree, "inner")?.name }, {
    varno: "1",
    name: "odd na(me\\)",
    none: null,
    text: "<>",
    empty: "",
    list: ["i", "1", "-2"],
    names: ["a b", "", "i"],
    bits: ["b"],
    flag: "true",
    inner: "A",
    colon: ":x",
  });
  assert.deepEqual((value as TreeBytes).bytes, Uint8Array.of(1, 0, 255, 0, 0, 0, 0, 0));
  assert.deepEqual(numbers(tree, "list"), [1, -2]);
  assert.deepEqual(strings(tree, "names"), ["a b", "", "i"]);
});

Deno.test("readTree() keeps names that JavaScript's objects have already", () => {
  const tree = node("{A :__proto__ {B :x 1} :constructor 2}");
  assert.equal(Object.getPrototypeOf(tree.fields), null);
  assert.deepEqual(Object.keys(tree.fields), ["__proto__", "constructor"]);
  assert.deepEqual(children(tree, "toString"), []);
});

Deno.test("readTree() refuses what PostgreSQL does not write, and says where", () => {
  const wrong = [
    "",
    " ",
    "{",
    "}",
    "(",
    ")",
    "{A",
    "{A :b",
    "{A :b}",
    "{A b 1}",
    "{:b 1}",
    "{(}",
    "(1 2",
    "{A :b 1} {A}",
    "{A :b (1}",
    "\\",
    "{A :b 4 [ 1 2 ]}",
    "{A :b 2 [ 1 x ]}",
    "{A :b 2 [ 1 2",
    "{A :b 99999999999999 [ 1 ]}",
    "{A :b 2 [ 1234 1 ]}",
  ];
  for (const text of wrong) {
    assert.throws(
      () => readTree(text),
      (error) => error instanceof TreeSyntaxError && /Cannot read a tree/.test(error.message),
      text,
    );
  }
});

Deno.test("readTree() is bounded in depth and length", () => {
  const deep = (depth: number) => "(".repeat(depth) + ")".repeat(depth);
  assert.ok(Array.isArray(readTree(deep(900))));
  assert.throws(() => readTree(deep(100_000)), TreeSyntaxError);
  assert.throws(() => readTree("{A :b ".repeat(2000) + "1" + "}".repeat(2000)), TreeSyntaxError);
  assert.throws(() => readTree(deep(12), { depth: 10 }), TreeSyntaxError);
  assert.throws(() => readTree("(1 2 3)", { length: 6 }), TreeSyntaxError);
});

Deno.test("readTree() answers or refuses any text made of its own characters, and quickly", () => {
  const parts = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ":",
    "\\",
    '"',
    "<>",
    " ",
    "1",
    "-1",
    "A",
    ":b ",
    "4 [ ",
    "\n",
    "é",
    "(i ",
  ];
  let seed = 7;
  const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
  const started_ms = performance.now();
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: random(12) + 1 }, () => parts[random(parts.length)]!).join("");
    try {
      readTree(text);
    } catch (error) {
      assert.ok(error instanceof TreeSyntaxError, `${JSON.stringify(text)}: ${error}`);
    }
  }
  assert.ok(performance.now() - started_ms < 5000);
});

testOnEach("PostgreSQL's own trees are read whole: every view, odd names and constants", async (server) => {
  await withSchema(server, "create schema odd", async (connection) => {
    const views = await connection.rows(
      "select rewrite.ev_action::text as action from pg_catalog.pg_rewrite as rewrite where rewrite.ev_type = '1'",
    );
    assert.ok(views.length > 100);
    for (const { action } of views) {
      let queries = 0;
      walkTree(readTree(action!), ({ name }) => void (queries += name === "QUERY" ? 1 : 0));
      assert.ok(queries > 0);
    }
    const names = [
      "",
      " ",
      "é😀",
      "a b",
      "(){}[]",
      "<>",
      '"',
      "\\",
      ":x",
      "b 1",
      "i",
      "12",
      "line\nend",
      "__proto__",
    ];
    const literals = names.map((name) => `'${name.replaceAll("'", "''")}'`);
    const columns = names.filter((name) => name !== "").map((name) => `1 as "${name.replaceAll('"', '""')}"`);
    const { trees, refusal } = await readStatementTrees(connection, [
      { text: `select ${literals.map((literal) => `${literal}::text`).join(", ")}`, parameterTypes: [] },
      { text: `select ${columns.join(", ")}`, parameterTypes: [] },
      { text: "select '{}'::jsonb, '[]'::jsonb, '{\"a\":1}'::jsonb, '[1]'::json, 1", parameterTypes: [] },
    ]);
    assert.equal(refusal, null);
    const targets = (index: number) => children(trees[index]!, "targetList");
    assert.deepEqual(targets(0).map((target) => constantText(child(target, "expr")!)), names);
    assert.deepEqual(targets(1).map((target) => target.fields.resname), names.filter((name) => name !== ""));
    assert.deepEqual(targets(2).map((target) => constantText(child(target, "expr")!)), [
      "{}",
      "[]",
      null,
      "[1]",
      null,
    ]);
  });
});

testOnEach(
  "a statement that no function can have costs only its own tree, and nothing stays",
  async (server) => {
    await withSchema(
      server,
      "create procedure nothing() language sql begin atomic end",
      async (connection) => {
        const { trees, refusal } = await readStatementTrees(connection, [
          { text: "select 1", parameterTypes: [] },
          { text: "call nothing()", parameterTypes: [] },
          { text: "select $1, $2", parameterTypes: ["integer", "text[]"] },
          { text: "select $1", parameterTypes: ["anyelement"] },
          { text: "select 1 -- to the end of the line", parameterTypes: [] },
        ]);
        assert.equal(refusal, null);
        assert.deepEqual(trees.map((tree) => tree !== null), [true, false, true, false, true]);
        const left = await connection.rows(
          "select proname from pg_catalog.pg_proc where proname like 'sqlwright%'",
        );
        assert.deepEqual(left, []);
      },
    );
  },
);

testOnEach("a hundred statements are read in portions, each with its own tree", async (server) => {
  await withSchema(server, "select 1", async (connection) => {
    const requests = Array.from(
      { length: 101 },
      (_, at) => ({ text: `select '${at}'::text`, parameterTypes: [] }),
    );
    const { trees } = await readStatementTrees(connection, requests);
    const found = trees.map((tree) => constantText(child(children(tree!, "targetList")[0]!, "expr")!));
    assert.deepEqual(found, requests.map((_, at) => String(at)));
  });
});
