/**
 * The types of a database as its catalogue describes them, by OID: base types, domains, enums, composites,
 * arrays, ranges and multiranges, each with what it is made of, down to base types. `codec.ts` and
 * `tool/schema.ts` are built on them.
 */

import type { DomainConstraints } from "./domain.ts";
import type { PoolConnection } from "../pool.ts";

interface TypeName {
  oid: number;
  schema: string;
  /** As `format_type` writes it: `bigint`, `shop.money`, `text[]`. */
  name: string;
  /** COMMENT ON TYPE or DOMAIN; null for Postgres' own types, whose comments tell an agent nothing. */
  comment: string | null;
}

export type PgType =
  | TypeName & { kind: "base"; base: string }
  | TypeName & { kind: "enum"; labels: string[] }
  | TypeName & { kind: "array"; element: PgType; delimiter: string }
  | TypeName & {
    kind: "domain";
    base: PgType;
    typmod: number;
    isNotNull: boolean;
    checks: string[];
    /** What the checks say as JSON Schema, where it is known already: reading them takes the parser. */
    constraints?: DomainConstraints;
  }
  | TypeName & { kind: "composite"; attributes: Attribute[] }
  | TypeName & { kind: "range" | "multirange"; subtype: PgType }
  | TypeName & { kind: "pseudo" };

export interface Attribute {
  name: string;
  type: PgType;
  typmod: number;
  isNotNull: boolean;
  comment: string | null;
}

/** Types by OID. */
export type TypeMap = ReadonlyMap<number, PgType>;

/** A guard against a type that contains itself through a table's row type. */
const depthLimit = 16;

/**
 * Reads the named types and all they are made of: one query per level of nesting.
 * An OID that the catalogue does not have is left out.
 */
export async function loadTypes(connection: PoolConnection, oids: Iterable<number>): Promise<TypeMap> {
  const rows = new Map<number, TypeRow>();
  let wanted = [...new Set(oids)].filter((oid) => oid !== 0);
  for (let depth = 0; wanted.length > 0 && depth < depthLimit; depth++) {
    const found = await connection.rows(typeQuery, [`{${wanted.join(",")}}`]);
    for (const row of found.map(toTypeRow)) rows.set(row.oid, row);
    wanted = [...new Set(found.map(toTypeRow).flatMap(partsOf))].filter((oid) => oid !== 0 && !rows.has(oid));
  }
  const types = new Map<number, PgType>();
  const build = (oid: number, path: readonly number[]): PgType => {
    const known = types.get(oid);
    if (known) return known;
    const row = rows.get(oid);
    if (row === undefined || path.includes(oid)) {
      return { kind: "pseudo", oid, schema: "pg_catalog", name: row?.name ?? "unknown", comment: null };
    }
    const type = assemble(row, (part) => build(part, [...path, oid]));
    types.set(oid, type);
    return type;
  };
  for (const oid of rows.keys()) build(oid, []);
  return types;
}

/**
 * The name for a cast of a value that goes back to PostgreSQL. `format_type` writes char(n) and bit(n)
 * without their length as `character` and `bit`, which a cast reads as char(1) and bit(1).
 */
export function castName({ name }: Pick<PgType, "name">): string {
  return name.replace(
    /^(character|bit)(?=(?:\[\])*$)/,
    (_whole, found) => found === "bit" ? "pg_catalog.varbit" : "pg_catalog.bpchar",
  );
}

/** The type behind any domains. */
export function withoutDomains(type: PgType): PgType {
  return type.kind === "domain" ? withoutDomains(type.base) : type;
}

/** The type of the elements of an array. @throws {TypeError} for another type */
export function elementOf(type: PgType): PgType {
  const plain = withoutDomains(type);
  if (plain.kind !== "array") throw new TypeError(`${type.name} is no array`);
  return plain.element;
}

interface TypeRow {
  oid: number;
  schema: string;
  name: string;
  internalName: string;
  comment: string | null;
  typtype: string;
  category: string;
  element: number;
  elementDelimiter: string;
  base: number;
  typmod: number;
  isNotNull: boolean;
  subtype: number;
  labels: string[];
  checks: string[];
  attributes: { name: string; type: number; typmod: number; isNotNull: boolean; comment: string | null }[];
}

const typeQuery = `
select
  type.oid,
  namespace.nspname as schema,
  pg_catalog.format_type(type.oid, null) as name,
  type.typname as internal_name,
  case
    when namespace.nspname <> 'pg_catalog' then pg_catalog.obj_description(type.oid, 'pg_type')
  end as comment,
  type.typtype,
  type.typcategory as category,
  case when type.typcategory = 'A' then type.typelem else 0 end as element,
  coalesce(element.typdelim, ',') as element_delimiter,
  type.typbasetype as base,
  type.typtypmod as typmod,
  type.typnotnull as is_not_null,
  coalesce(
    (select range.rngsubtype from pg_catalog.pg_range as range where range.rngtypid = type.oid),
    (select range.rngsubtype from pg_catalog.pg_range as range where range.rngmultitypid = type.oid),
    0
  ) as subtype,
  (
    select pg_catalog.json_agg(enum.enumlabel order by enum.enumsortorder)
    from pg_catalog.pg_enum as enum
    where enum.enumtypid = type.oid
  ) as labels,
  (
    select pg_catalog.json_agg(pg_catalog.pg_get_constraintdef(con.oid) order by con.conname)
    from pg_catalog.pg_constraint as con
    where con.contypid = type.oid and con.contype = 'c'
  ) as checks,
  (
    select pg_catalog.json_agg(
      pg_catalog.json_build_object(
        'name', attribute.attname,
        'type', attribute.atttypid::bigint,
        'typmod', attribute.atttypmod,
        'isNotNull', attribute.attnotnull,
        'comment', pg_catalog.col_description(attribute.attrelid, attribute.attnum)
      )
      order by attribute.attnum
    )
    from pg_catalog.pg_attribute as attribute
    where attribute.attrelid = type.typrelid
      and attribute.attnum > 0
      and not attribute.attisdropped
  ) as attributes
from pg_catalog.pg_type as type
join pg_catalog.pg_namespace as namespace on namespace.oid = type.typnamespace
left join pg_catalog.pg_type as element on element.oid = type.typelem and type.typcategory = 'A'
where type.oid = any ($1::oid[])`;

function toTypeRow(row: Record<string, string | null>): TypeRow {
  const json = <T>(text: string | null | undefined): T[] => text ? JSON.parse(text) : [];
  return {
    oid: Number(row.oid),
    schema: row.schema ?? "",
    name: row.name ?? "",
    internalName: row.internal_name ?? "",
    comment: row.comment ?? null,
    typtype: row.typtype ?? "",
    category: row.category ?? "",
    element: Number(row.element),
    elementDelimiter: row.element_delimiter ?? ",",
    base: Number(row.base),
    typmod: Number(row.typmod),
    isNotNull: row.is_not_null === "t",
    subtype: Number(row.subtype),
    labels: json<string>(row.labels),
    checks: json<string>(row.checks),
    attributes: json<TypeRow["attributes"][number]>(row.attributes),
  };
}

const partsOf = (
  row: TypeRow,
): number[] => [row.element, row.base, row.subtype, ...row.attributes.map(({ type }) => type)];

function assemble(row: TypeRow, build: (oid: number) => PgType): PgType {
  const { oid, schema, name, comment } = row;
  const own = { oid, schema, name, comment };
  switch (row.typtype) {
    case "e":
      return { ...own, kind: "enum", labels: row.labels };
    case "d":
      return {
        ...own,
        kind: "domain",
        base: build(row.base),
        typmod: row.typmod,
        isNotNull: row.isNotNull,
        checks: row.checks,
      };
    case "c":
      return {
        ...own,
        kind: "composite",
        attributes: row.attributes.map((attribute) => ({ ...attribute, type: build(attribute.type) })),
      };
    case "r":
      return { ...own, kind: "range", subtype: build(row.subtype) };
    case "m":
      return { ...own, kind: "multirange", subtype: build(row.subtype) };
    case "p":
      return { ...own, kind: "pseudo" };
    default:
      // int2vector and oidvector are of category A too, but are written without braces.
      if (row.element !== 0 && row.internalName.startsWith("_")) {
        return { ...own, kind: "array", element: build(row.element), delimiter: row.elementDelimiter };
      }
      return { ...own, kind: "base", base: row.internalName };
  }
}
