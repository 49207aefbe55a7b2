import assert from "node:assert/strict";
import { createReport, type Diagnostic } from "../../src/query/diagnostic.ts";
import { splitStatements, tokenize } from "../../src/query/lexer.ts";
import { indexPlaces } from "../../src/query/source_text.ts";

function lex(sql: string) {
  const diagnostics: Diagnostic[] = [];
  const placeAt = indexPlaces(sql);
  const tokens = tokenize(sql, 0, placeAt, createReport("lexer.sql", diagnostics));
  return { statements: splitStatements(sql, tokens, placeAt), diagnostics };
}

/** The one statement's text; fails on any diagnostic. */
function rewrite(sql: string): string {
  const { statements, diagnostics } = lex(sql);
  assert.deepEqual(diagnostics, []);
  assert.equal(statements.length, 1);
  return statements[0]?.text ?? "";
}

const rewritten: [what: string, sql: string, text: string][] = [
  ["name", "select :q", "select $1"],
  ["quoted name", "select :'q'", "select $1"],
  ["both forms are one parameter", "select :q, :'q', :r, :q", "select $1, $1, $2, $1"],
  ["cast", "select :a::int, b::text", "select $1::int, b::text"],
  ["cast then parameter", "select a:::b", "select a::$1"],
  ["assignment", "select f(a := 1, b:=:c)", "select f(a := 1, b:=$1)"],
  ["operator before", "select 1=:a, 2<:b, -:c", "select 1=$1, 2<$2, -$3"],
  ["string", "select ':a', 'it''s :b'", "select ':a', 'it''s :b'"],
  ["backslash is a letter in a string", "select 'a\\', :a", "select 'a\\', $1"],
  ["escape string", "select E'it\\':a', e'\\\\', :a", "select E'it\\':a', e'\\\\', $1"],
  ["escape string that goes on", "select E'a'\n  'b\\':a', :a", "select E'a'\n  'b\\':a', $1"],
  [
    "escape string that goes on over a comment",
    "select E'a' -- it's\n '\\':a', :a",
    "select E'a' -- it's\n '\\':a', $1",
  ],
  ["string on the same line does not go on", "select E'a' '\\', :a", "select E'a' '\\', $1"],
  ["unicode string", "select U&'\\0061 :a', :a", "select U&'\\0061 :a', $1"],
  ["unicode name", 'select 1 as U&"\\0061 :a", :a', 'select 1 as U&"\\0061 :a", $1'],
  ["bits", "select B'01', X'1F', n':a', :a", "select B'01', X'1F', n':a', $1"],
  ["name that ends in e before a string", "select date'2020-01-01:a', :a", "select date'2020-01-01:a', $1"],
  ["dollar quotes", "select $$ :a $$, $x$ $$ :b $x$, :c", "select $$ :a $$, $x$ $$ :b $x$, $1"],
  ["dollar in a name is no quote", "select a$b$, :c, d$b$", "select a$b$, $1, d$b$"],
  ["quoted name of a column", 'select ":a", "x""::b", :c', 'select ":a", "x""::b", $1'],
  ["line comment", "select 1 -- :a 'x\n, :b", "select 1 -- :a 'x\n, $1"],
  ["nested comment", "select /* :a /* ' */ :b */ :c", "select /* :a /* ' */ :b */ $1"],
  ["comment after an operator", "select 1 +-- :a\n:b", "select 1 +-- :a\n$1"],
  ["comment opens inside an operator", "select 1 */* :a */ :b", "select 1 */* :a */ $1"],
  ["slice with spaces", "select a[1 : n], a[:i], a[1 : :n]", "select a[1 : n], a[$1], a[1 : $2]"],
  ["slice of numbers", "select a[1:2]", "select a[1:2]"],
  ["array of parameters", "select array[:a,:b]", "select array[$1,$2]"],
  [
    "parameter after a word in brackets",
    "select array[case when true then :a end]",
    "select array[case when true then $1 end]",
  ],
  ["word right before", "select 1 limit:n", "select 1 limit $1"],
  ["word right after", "select :'a'and true", "select $1 and true"],
  ["name takes all it can", "select :a1_b", "select $1"],
  ["multi-byte text", "select 'é𝒳' as ж, :a", "select 'é𝒳' as ж, $1"],
  ["comments around are left out", "-- first\n/* a */ select :a -- last\n;\n-- end", "select $1"],
  ["comment inside stays", "select 1, -- why\n  2", "select 1, -- why\n  2"],
];

for (const [what, sql, text] of rewritten) {
  Deno.test(`tokenize() and splitStatements(): ${what}`, () => assert.equal(rewrite(sql), text));
}

const split: [what: string, sql: string, texts: string[]][] = [
  ["semicolons part statements", "select 1; select 2;", ["select 1", "select 2"]],
  ["empty statements are left out", ";;select 1;;", ["select 1"]],
  ["comments alone are no statement", "-- a\n;/* b */", []],
  ["a semicolon in a string is text", "select ';'; select $$;$$", ["select ';'", "select $$;$$"]],
  ["a semicolon in parentheses stays, as in psql", "create rule r as on insert to t do (a; b); select 1", [
    "create rule r as on insert to t do (a; b)",
    "select 1",
  ]],
  [
    "a routine's body holds semicolons",
    "create or replace function f() begin atomic select case when a then 1 end; end; select 2",
    [
      "create or replace function f() begin atomic select case when a then 1 end; end",
      "select 2",
    ],
  ],
];

for (const [what, sql, texts] of split) {
  Deno.test(`splitStatements(): ${what}`, () => {
    assert.deepEqual(lex(sql).statements.map((statement) => statement.text), texts);
  });
}

Deno.test("splitStatements() numbers the parameters of each statement from one", () => {
  const { statements } = lex("select :a, :b; select :b, :a, :b");
  assert.deepEqual(statements.map((statement) => statement.text), ["select $1, $2", "select $1, $2, $1"]);
  assert.deepEqual(statements.map((statement) => statement.parameterNames), [["a", "b"], ["b", "a"]]);
  assert.deepEqual(statements[1]?.parameterPlaces, [{ line: 1, column: 23 }, { line: 1, column: 27 }]);
});

const wrong: [sql: string, code: string, column: number][] = [
  ["select 'a", "unterminated", 8],
  ["select E'a\\'", "unterminated", 8],
  ["select U&'a", "unterminated", 8],
  ['select "a', "unterminated", 8],
  ["select $a$ $$", "unterminated", 8],
  ["select /* /* */", "unterminated", 8],
  ["select :'a", "unterminated", 9],
  ['select :"a"', "param-name", 8],
  ["select :'a b'", "param-name", 8],
  ["select :é", "param-name", 8],
  ["select :_a", "param-name", 8],
  ["select :__proto__", "param-name", 8],
  ["select :{?a}", "param-name", 8],
  [`select :${"a".repeat(64)}`, "param-name", 8],
  ["select a[1:n]", "slice-spacing", 11],
  ["select a[f(1):n]", "slice-spacing", 14],
  ["select a[m:n]", "slice-spacing", 11],
  ["select a[1 :n]", "slice-spacing", 12],
  ["select a[b[1]:n]", "slice-spacing", 14],
  ["select $1", "positional-parameter", 8],
  ["select 1 \\g", "syntax-error", 10],
];

for (const [sql, code, column] of wrong) {
  Deno.test(`tokenize() refuses ${sql} as ${code}`, () => {
    const { diagnostics } = lex(sql);
    assert.deepEqual(diagnostics.map((each) => [each.code, each.line, each.column]), [[code, 1, column]]);
  });
}

Deno.test("tokenize() says how to write a slice", () => {
  assert.equal(lex("select a[1:n]").diagnostics[0]?.hint, "Write a slice with spaces, [1 : n]");
});

Deno.test("placeAt() leads every character of the $n text back to its own place in the file", () => {
  const sql = "/* é */ select 'é𝒳',\r\n\t:name::text, 'ж' as \"日本\",\r\n  :'b'and :name\r\n;";
  const { statements: [statement] } = lex(sql);
  assert.ok(statement);
  assert.equal(statement.text, "select 'é𝒳',\r\n\t$1::text, 'ж' as \"日本\",\r\n  $2 and $1");
  const characters = [...statement.text];
  const lines = sql.split("\r\n").map((line) => [...line]);
  let bytes = 0;
  for (const [offset, character] of characters.entries()) {
    const place = statement.placeAt(offset);
    assert.deepEqual(statement.placeAtByte(bytes), place, `byte ${bytes}`);
    bytes += new TextEncoder().encode(character).length;
    const found = lines[place.line - 1]?.[place.column - 1];
    const before = characters.slice(0, offset + 1).join("");
    if (/\$\d?$/.test(before)) assert.equal(found, ":", `offset ${offset}`);
    else if (!/[\r\n]/.test(character) && !/\$\d $/.test(before)) {
      assert.equal(found, character, `offset ${offset}`);
    }
  }
  assert.deepEqual(statement.placeAt(characters.length), { line: 3, column: 16 });
  assert.deepEqual(statement.placeAt(9999), { line: 3, column: 16 });
});

Deno.test("indexPlaces() counts code points, a tab as one, and ends lines at LF, CRLF and CR", () => {
  const placeAt = indexPlaces("a\tb\r\n𝒳é\rc\n");
  assert.deepEqual(placeAt(2), { line: 1, column: 3 });
  assert.deepEqual(placeAt(5), { line: 2, column: 1 });
  assert.deepEqual(placeAt(7), { line: 2, column: 2 });
  assert.deepEqual(placeAt(9), { line: 3, column: 1 });
  assert.deepEqual(placeAt(99), { line: 4, column: 1 });
});

Deno.test("tokenize() reads a mebibyte of text in a moment", () => {
  const line = "select 'it''s', :a::int, $$x$$, \"y\" /* z */ -- w\n,";
  const sql = line.repeat(Math.floor(1024 * 1024 / line.length));
  const started = performance.now();
  assert.equal(lex(sql).statements.length, 1);
  assert.ok(performance.now() - started < 5000);
});
