/** The type of an expression of the analysed tree, and what its constants hold. */

import { child, numberOf, textOf, TreeBytes, type TreeNode } from "./node_text.ts";

/** The field with the type's OID, by the name of the node. */
const typeFields: Readonly<Record<string, string>> = {
  VAR: "vartype",
  CONST: "consttype",
  PARAM: "paramtype",
  AGGREF: "aggtype",
  WINDOWFUNC: "wintype",
  FUNCEXPR: "funcresulttype",
  OPEXPR: "opresulttype",
  NULLIFEXPR: "opresulttype",
  RELABELTYPE: "resulttype",
  COERCEVIAIO: "resulttype",
  COERCETODOMAIN: "resulttype",
  ARRAYCOERCEEXPR: "resulttype",
  CONVERTROWTYPEEXPR: "resulttype",
  FIELDSELECT: "resulttype",
  FIELDSTORE: "resulttype",
  COALESCEEXPR: "coalescetype",
  CASEEXPR: "casetype",
  MINMAXEXPR: "minmaxtype",
  ARRAYEXPR: "array_typeid",
  ROWEXPR: "row_typeid",
  SQLVALUEFUNCTION: "type",
  SUBSCRIPTINGREF: "refrestype",
  MERGESUPPORTFUNC: "msftype",
  NEXTVALUEEXPR: "typeId",
};

const booleans = new Set([
  "BOOLEXPR",
  "NULLTEST",
  "BOOLEANTEST",
  "DISTINCTEXPR",
  "SCALARARRAYOPEXPR",
  "ROWCOMPAREEXPR",
  "JSONISPREDICATE",
  "CURRENTOF",
]);

const oids = {
  bool: 16,
  int4: 23,
  text: 25,
  unknown: 705,
  json: 114,
  jsonb: 3802,
  varchar: 1043,
  bpchar: 1042,
} as const;

/** OIDs of types that an expression can have though no field of the tree names them. */
export const impliedTypes: readonly number[] = [oids.bool, oids.int4, oids.text];

/** The OID; null where it is not written in the tree. An untyped literal is text. */
export function typeOf(expression: TreeNode): number | null {
  if (booleans.has(expression.name)) return oids.bool;
  const field = typeFields[expression.name];
  if (field !== undefined) {
    const oid = numberOf(expression, field);
    return oid === oids.unknown ? oids.text : oid;
  }
  switch (expression.name) {
    case "GROUPINGFUNC":
      return oids.int4;
    case "COLLATEEXPR":
    case "NAMEDARGEXPR": {
      const arg = child(expression, "arg");
      return arg === null ? null : typeOf(arg);
    }
    case "JSONVALUEEXPR": {
      const formatted = child(expression, "formatted_expr");
      return formatted === null ? null : typeOf(formatted);
    }
    case "JSONCONSTRUCTOREXPR":
    case "JSONEXPR": {
      const returning = child(expression, "returning");
      return returning === null ? null : numberOf(returning, "typid");
    }
    case "SUBLINK": {
      // EXISTS, ALL and ANY; a scalar sub-query has the type of its column.
      const kind = numberOf(expression, "subLinkType");
      if (kind <= 2) return oids.bool;
      const query = child(expression, "subselect");
      const targets = query?.fields.targetList;
      const first = Array.isArray(targets) ? targets[0] : null;
      const value = typeof first === "object" && first !== null && "fields" in first
        ? child(first, "expr")
        : null;
      return kind === 4 && value !== null ? typeOf(value) : null;
    }
    default:
      return null;
  }
}

/** The length or precision; -1 where there is none or it is not certain. */
export function typmodOf(expression: TreeNode): number {
  switch (expression.name) {
    case "VAR":
      return orNone(numberOf(expression, "vartypmod"));
    case "RELABELTYPE":
    case "COERCETODOMAIN":
      return orNone(numberOf(expression, "resulttypmod"));
    default:
      return -1;
  }
}

const orNone = (typmod: number) => Number.isInteger(typmod) ? typmod : -1;

const textTypes: ReadonlySet<number> = new Set([oids.text, oids.varchar, oids.bpchar, oids.json]);

/**
 * The text of a constant, or the JSON text of a constant jsonb as far as it is read: `{}`, `[]`. Null for
 * anything else.
 */
export function constantText(expression: TreeNode): string | null {
  let plain = expression;
  for (
    let arg = child(plain, "arg");
    plain.name === "RELABELTYPE" && arg !== null;
    arg = child(plain, "arg")
  ) {
    plain = arg;
  }
  const value = plain.fields.constvalue;
  if (plain.name !== "CONST" || textOf(plain, "constisnull") !== "false" || !(value instanceof TreeBytes)) {
    return null;
  }
  const type = numberOf(plain, "consttype");
  const { bytes } = value;
  const decode = (part: Uint8Array) => new TextDecoder().decode(part);
  // A C string ends in NUL; a value of varying length begins with its length, in one byte or four.
  if (type === oids.unknown) {
    return decode(bytes.subarray(0, bytes.indexOf(0) === -1 ? bytes.length : bytes.indexOf(0)));
  }
  const first = bytes[0] ?? 0;
  const isShort = (first & 1) === 1;
  if (!isShort && (first & 3) !== 0) return null;
  const content = bytes.subarray(isShort ? 1 : 4);
  if (textTypes.has(type)) return decode(content);
  return type === oids.jsonb ? emptyJsonb(content) : null;
}

/** The root of a jsonb: a count in the low 28 bits, and what it is in the high ones. */
function emptyJsonb(content: Uint8Array): string | null {
  if (content.length < 4) return null;
  const header = new DataView(content.buffer, content.byteOffset, content.byteLength).getUint32(0, true);
  if ((header & 0x0fffffff) !== 0) return null;
  return (header & 0x20000000) !== 0 ? "{}" : (header & 0x40000000) !== 0 ? "[]" : null;
}
