/**
 * The shape of a JSON value as PostgreSQL builds it, in terms of its own types: what `json_build_object`,
 * `json_agg`, `to_json` and the rest write. `report_shape_build.ts` finds it in the analysed tree,
 * `tool/schema.ts` writes it as JSON Schema.
 */

import type { PgType } from "../../postgres/types/types.ts";

export type JsonShape =
  /** Not known: any JSON value, null included. */
  | { kind: "any" }
  /** A value of a base type, enum, domain or range, as `to_json` writes it. */
  | { kind: "scalar"; type: PgType; typmod: number }
  /** A JSON literal of the statement's own text. */
  | { kind: "literal"; type: "string" | "number" | "boolean" }
  | { kind: "object"; fields: JsonField[]; rest: JsonItem | null }
  /**
   * `items` null: always empty. `length` null: any. `isNested`: a PostgreSQL array, which may have more
   * dimensions.
   */
  | { kind: "array"; items: JsonItem | null; tuple: JsonItem[] | null; isNested: boolean }
  /** One of them; none of them: never a value but null. */
  | { kind: "union"; options: JsonShape[] };

export interface JsonItem {
  shape: JsonShape;
  isNullable: boolean;
}

export interface JsonField extends JsonItem {
  name: string;
  /** The key is always there. */
  isRequired: boolean;
  /** The comment of the column that the value comes from. */
  description: string | null;
}

/** A part of a report whose shape is not known. */
export interface ShapeGap {
  /** Keys from the root, `[]` for the items of an array: `filings[].extra`. */
  path: string[];
  /** Why, as the rest of a sentence that begins with the path. */
  reason: string;
}

export const anyShape: JsonShape = { kind: "any" };
export const nullShape: JsonShape = { kind: "union", options: [] };

/** Base types that are JSON already. */
export const isJsonType = (type: PgType | undefined): boolean =>
  type?.kind === "base" && (type.base === "json" || type.base === "jsonb");

/**
 * A type's values as `to_json` writes them, without knowledge of the expression.
 *
 * @param jsonCasts types whose cast to json decides
 */
export function shapeOfType(type: PgType, typmod: number, jsonCasts: ReadonlySet<number>): JsonShape {
  if (jsonCasts.has(type.oid)) return anyShape;
  switch (type.kind) {
    case "base":
      if (isJsonType(type)) return anyShape;
      // Two of PostgreSQL's own types are arrays that are not written as such.
      if (type.base === "int2vector" || type.base === "oidvector") {
        return arrayOf({
          shape: { kind: "literal", type: type.base === "int2vector" ? "number" : "string" },
          isNullable: false,
        });
      }
      return { kind: "scalar", type, typmod };
    case "domain": {
      const plain = shapeOfType(type.base, type.typmod, jsonCasts);
      return plain.kind === "scalar" ? { kind: "scalar", type, typmod: type.typmod } : plain;
    }
    case "array":
      return arrayOf({ shape: shapeOfType(type.element, typmod, jsonCasts), isNullable: true }, true);
    case "composite":
      return {
        kind: "object",
        rest: null,
        fields: type.attributes.map((attribute) => ({
          name: attribute.name,
          shape: shapeOfType(attribute.type, attribute.typmod, jsonCasts),
          isNullable: true,
          isRequired: true,
          description: attribute.comment,
        })),
      };
    case "enum":
    case "range":
    case "multirange":
      return { kind: "scalar", type, typmod: -1 };
    case "pseudo":
      return anyShape;
    default:
      throw new TypeError(`unknown kind of type: ${type satisfies never}`);
  }
}

export function arrayOf(items: JsonItem | null, isNested = false): JsonShape {
  return { kind: "array", items, tuple: null, isNested };
}

/** The shape of a JSON text that stands in a statement. */
export function shapeOfLiteral(value: unknown): JsonItem {
  if (value === null) return { shape: nullShape, isNullable: true };
  if (Array.isArray(value)) {
    const items = value.map(shapeOfLiteral);
    return { shape: arrayOf(items.length === 0 ? null : uniteItems(items)), isNullable: false };
  }
  if (typeof value === "object") {
    const fields = Object.entries(value).map(([name, each]) => ({
      name,
      ...shapeOfLiteral(each),
      isRequired: true,
      description: null,
    }));
    return { shape: { kind: "object", fields, rest: null }, isNullable: false };
  }
  return {
    shape: { kind: "literal", type: typeof value as "string" | "number" | "boolean" },
    isNullable: false,
  };
}

/**
 * What has one of the shapes. Arrays become one array, equal shapes one; an unknown one swallows the others.
 */
export function unite(shapes: readonly JsonShape[]): JsonShape {
  const options: JsonShape[] = [];
  for (const shape of shapes.flatMap((each) => each.kind === "union" ? each.options : [each])) {
    if (shape.kind === "any") return anyShape;
    const isList = shape.kind === "array" && shape.tuple === null;
    const index = options.findIndex((option) =>
      isSame(option, shape) || (isList && option.kind === "array" && option.tuple === null)
    );
    const known = options[index];
    if (known === undefined) options.push(shape);
    else if (isList && known.kind === "array") {
      options[index] = arrayOf(uniteOptional(known.items, shape.items), known.isNested || shape.isNested);
    }
  }
  return options.length === 1 ? options[0]! : { kind: "union", options };
}

export function uniteItems(items: readonly JsonItem[]): JsonItem {
  return {
    shape: unite(items.map(({ shape }) => shape)),
    isNullable: items.some(({ isNullable }) => isNullable),
  };
}

function uniteOptional(one: JsonItem | null, other: JsonItem | null): JsonItem | null {
  if (one === null || other === null) return one ?? other;
  return uniteItems([one, other]);
}

/** Of two keys of one name a reader takes the last or the first: the value is one of the two. */
export function objectOf(fields: readonly JsonField[], rest: readonly JsonItem[]): JsonShape {
  const byName = new Map<string, JsonField>();
  for (const field of fields) {
    const earlier = byName.get(field.name);
    byName.set(
      field.name,
      earlier === undefined ? field : {
        ...field,
        ...uniteItems([earlier, field]),
        isRequired: earlier.isRequired || field.isRequired,
        description: field.description ?? earlier.description,
      },
    );
  }
  // A computed key can be any of the constant ones.
  const named = [...byName.values()];
  return {
    kind: "object",
    fields: rest.length === 0 ? named : named.map((field) => ({ ...field, ...uniteItems([field, ...rest]) })),
    rest: rest.length === 0 ? null : uniteItems(rest),
  };
}

/** `one || other`: keys of the other replace those of the one. */
export function mergeObjects(one: JsonShape, other: JsonShape): JsonShape {
  if (one.kind !== "object" || other.kind !== "object") return anyShape;
  const fields = new Map(one.fields.map((field) => [field.name, field]));
  for (const field of other.fields) {
    const earlier = fields.get(field.name);
    const replaced = earlier !== undefined && !field.isRequired
      ? { ...field, ...uniteItems([earlier, field]), isRequired: earlier.isRequired }
      : field;
    fields.set(field.name, replaced);
  }
  const rest = [one.rest, other.rest].filter((each) => each !== null);
  // The rest of the other may replace any key of the one, and the rest of the one stays beside the fields of
  // the other.
  const named = [...fields.values()].map((field) => {
    const isOwn = other.fields.some(({ name, isRequired }) => name === field.name && isRequired);
    return isOwn || rest.length === 0 ? field : { ...field, ...uniteItems([field, ...rest]) };
  });
  return { kind: "object", fields: named, rest: rest.length === 0 ? null : uniteItems(rest) };
}

/** `json_strip_nulls`: fields that are null are left out, at every depth; items of arrays stay. */
export function stripNulls(shape: JsonShape): JsonShape {
  switch (shape.kind) {
    case "object":
      return {
        kind: "object",
        fields: shape.fields.map((field) => ({
          ...field,
          shape: stripNulls(field.shape),
          // What is not known may hold a null of JSON's own.
          isRequired: field.isRequired && !field.isNullable && !holdsAny(field.shape),
          isNullable: false,
        })),
        rest: shape.rest === null ? null : { shape: stripNulls(shape.rest.shape), isNullable: false },
      };
    case "array": {
      const strip = (item: JsonItem): JsonItem => ({ ...item, shape: stripNulls(item.shape) });
      return {
        ...shape,
        items: shape.items === null ? null : strip(shape.items),
        tuple: shape.tuple?.map(strip) ?? null,
      };
    }
    case "union":
      return { kind: "union", options: shape.options.map(stripNulls) };
    case "any":
    case "scalar":
    case "literal":
      return shape;
    default:
      throw new TypeError(`unknown shape: ${shape satisfies never}`);
  }
}

const holdsAny = (shape: JsonShape): boolean =>
  shape.kind === "any" || (shape.kind === "union" && shape.options.some(holdsAny));

function isSame(one: JsonShape, other: JsonShape): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
