/** JSON read member by member: the same values as JSON.parse, the same texts refused, every number's own digits. */

import assert from "node:assert/strict";
import { JsonFault, JsonScan } from "../../../src/load/format/json_scan.ts";

function read(text: string): { members: Record<string, unknown>; raws: Record<string, string> } {
  const members: Record<string, unknown> = {};
  const raws: Record<string, string> = {};
  new JsonScan().read(text, (key, value, raw) => {
    members[key] = value;
    raws[key] = raw;
  });
  return { members, raws };
}

Deno.test("read gives what JSON.parse gives, with each value's own text", () => {
  const text =
    ' { "a" : 0.10 , "b\\u0041" : "x\\"\\\\" ,"c":[1,{"d":"]}"}], "e":{}, "f":true,"g":null ,"h":-1.5E+10, "i":"\\\\"} ';
  const { members, raws } = read(text);
  assert.deepEqual(members, JSON.parse(text));
  assert.deepEqual([raws.a, raws.c, raws.h], ["0.10", '[1,{"d":"]}"}]', "-1.5E+10"]);
  assert.deepEqual(read('[1, "x", []]').members, { 0: 1, 1: "x", 2: [] });
  assert.deepEqual(read("{}").members, {});
  assert.deepEqual(read("[ ]").members, {});
});

Deno.test("read refuses what JSON.parse refuses", () => {
  const wrong = [
    "",
    " ",
    "1",
    '"x"',
    "null",
    "{",
    "[",
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    "[1,]",
    "[,1]",
    '{"a":1 "b":2}',
    "{a:1}",
    '{"a":01}',
    '{"a":+1}',
    '{"a":.5}',
    '{"a":1.}',
    '{"a":1e}',
    '{"a":tru}',
    '{"a":"x}',
    '{"a":"\\x"}',
    '{"a":"\n"}',
    '{"a":[1,}',
    '{"a":{"b":01}}',
    '{"a":1}}',
    '{"a":1} x',
    '{"a":NaN}',
    "{'a':1}",
    '{"a":"\t"}',
    '{"a":[',
  ];
  for (const text of wrong) {
    assert.throws(() => read(text), JsonFault, text);
    if (!/^\s*(1|"x"|null)?\s*$/.test(text)) assert.throws(() => JSON.parse(text), SyntaxError, text);
  }
});

Deno.test("one scan reads many records, with the same names or others", () => {
  const scan = new JsonScan();
  const keys: string[][] = [];
  for (const text of ['{"a":1,"b":2}', '{"a":3,"b":4}', '{"b":1,"a":2}', '{"ab":1}', '{"a":1,"c":2,"b":3}']) {
    const own: string[] = [];
    scan.read(text, (key) => void own.push(key));
    keys.push(own);
  }
  assert.deepEqual(keys, [["a", "b"], ["a", "b"], ["b", "a"], ["ab"], ["a", "c", "b"]]);
});
