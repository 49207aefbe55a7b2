/**
 * Parquet with PostgreSQL's types, over hyparquet-writer: Snappy, row groups of bounded size, every column
 * optional.
 *
 * | PostgreSQL | Parquet |
 * |---|---|
 * | int2, int4 | INT32 |
 * | int8, oid | INT64 |
 * | float4, float8 | FLOAT, DOUBLE |
 * | bool | BOOLEAN |
 * | numeric(p, s) up to 38 digits | DECIMAL(p, s) on INT32, INT64 or 16 bytes |
 * | date | DATE |
 * | timestamptz, timestamp | TIMESTAMP in microseconds, with and without UTC |
 * | json, jsonb, arrays, composites, ranges | JSON, as the tool answers them |
 * | bytea | BYTE_ARRAY |
 * | uuid | UUID |
 * | everything else, numeric without a scale too | STRING, PostgreSQL's text |
 */

import type { SchemaElement } from "hyparquet";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { SqlwrightError } from "../../errors.ts";
import type { TypedColumn } from "../../describe/model.ts";
import type { RowBytes } from "../../postgres/pool.ts";
import { withoutDomains } from "../../postgres/types/types.ts";
import type { ByteSink, ExportColumns, RowWriter } from "./model.ts";

/** A row group is written when it has so many rows, or so many characters of text. */
const groupRows = 50_000;
const groupChars = 16 * 1024 * 1024;

interface ColumnCodec {
  element: Omit<SchemaElement, "name" | "repetition_type">;
  /** Never called for null. */
  read: (text: string) => unknown;
}

export function parquetWriter({ columns, writers }: ExportColumns, sink: ByteSink): RowWriter {
  const codecs = columns.map((column, index) => codecOf(column, writers[index]!));
  const schema: SchemaElement[] = [
    { name: "root", num_children: columns.length },
    ...columns.map(({ name }, index): SchemaElement => ({
      name,
      repetition_type: "OPTIONAL",
      ...codecs[index]!.element,
    })),
  ];
  const bytes = new ByteWriter();
  const file = new ParquetWriter({ writer: bytes, schema, createdBy: "sqlwright" });
  let data: unknown[][] = columns.map(() => []);
  let chars = 0;
  const drain = async () => {
    const written = bytes.getBytes().slice();
    bytes.index = 0;
    if (written.length > 0) await sink(written);
  };
  const writeGroup = async () => {
    if (data[0]!.length === 0) return;
    file.write({
      columnData: columns.map(({ name }, index) => ({ name, data: data[index]! })),
      rowGroupSize: data[0]!.length,
    });
    data = columns.map(() => []);
    chars = 0;
    await drain();
  };
  const add = (row: RowBytes) => {
    for (let index = 0; index < codecs.length; index++) {
      const text = row.text(index);
      data[index]!.push(text === null ? null : readValue(codecs[index]!, text, columns[index]!));
      chars += text?.length ?? 0;
    }
  };
  return {
    write: add,
    flush: async () => {
      if (data[0]!.length >= groupRows || chars >= groupChars) await writeGroup();
    },
    end: async () => {
      await writeGroup();
      markJson(schema);
      file.finish();
      await drain();
    },
  };
}

function readValue(codec: ColumnCodec, text: string, { name }: TypedColumn): unknown {
  const value = codec.read(text);
  if (value !== undefined) return value;
  throw new SqlwrightError(
    "result.unrepresentable",
    `Cannot export: column "${name}" holds ${text.slice(0, 40)}, which its Parquet type cannot hold`,
    {
      details: { column: name },
      hint: "Export as csv, or cast the column to text in the query file",
    },
  );
}

/**
 * Readers know JSON by its `converted_type`. The library would serialise such values once more, and lose
 * digits, so the schema gets it when all values are written, and before the schema is.
 */
function markJson(schema: SchemaElement[]): void {
  for (const element of schema) if (element.logical_type?.type === "JSON") element.converted_type = "JSON";
}

const encoder = new TextEncoder();

function codecOf(column: TypedColumn, write: (text: string | null) => string): ColumnCodec {
  const type = withoutDomains(column.type);
  const text: ColumnCodec = {
    element: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
    read: (value) => value,
  };
  // The bytes are written as they are; see markJson.
  const json: ColumnCodec = {
    element: { type: "BYTE_ARRAY", logical_type: { type: "JSON" } },
    read: (value) => encoder.encode(write(value)),
  };
  if (type.kind === "enum" || type.kind === "pseudo") return text;
  if (type.kind !== "base") return json;
  switch (type.base) {
    case "int2":
    case "int4":
      return { element: { type: "INT32" }, read: Number };
    case "int8":
    case "oid":
      return { element: { type: "INT64" }, read: BigInt };
    case "float4":
      return { element: { type: "FLOAT" }, read: Number };
    case "float8":
      return { element: { type: "DOUBLE" }, read: Number };
    case "bool":
      return { element: { type: "BOOLEAN" }, read: (value) => value === "t" };
    case "numeric":
      return decimalCodec(typmodOf(column)) ?? text;
    case "date":
      return {
        element: { type: "INT32", converted_type: "DATE", logical_type: { type: "DATE" } },
        read: readDay,
      };
    case "timestamp":
    case "timestamptz":
      return {
        element: {
          type: "INT64",
          ...(type.base === "timestamptz" ? { converted_type: "TIMESTAMP_MICROS" as const } : {}),
          logical_type: {
            type: "TIMESTAMP",
            isAdjustedToUTC: type.base === "timestamptz",
            unit: "MICROS",
          },
        },
        read: readMicroseconds,
      };
    case "json":
    case "jsonb":
      return json;
    case "bytea":
      return { element: { type: "BYTE_ARRAY" }, read: (value) => Uint8Array.fromHex(value.slice(2)) };
    case "uuid":
      return {
        element: { type: "FIXED_LEN_BYTE_ARRAY", type_length: 16, logical_type: { type: "UUID" } },
        read: (value) => value,
      };
    default:
      return text;
  }
}

/** Of the column, or of the domain that it is of. */
function typmodOf({ typmod, type }: TypedColumn): number {
  return typmod !== -1 || type.kind !== "domain" ? typmod : type.typmod;
}

/** Null without a scale of its own, and beyond 38 digits, the most that DECIMAL holds. */
function decimalCodec(typmod: number): ColumnCodec | null {
  if (typmod < 4) return null;
  const precision = ((typmod - 4) >> 16) & 0xffff;
  // Eleven bits with a sign since PostgreSQL 15.
  const scale = (((typmod - 4) & 0x7ff) ^ 1024) - 1024;
  if (precision > 38 || scale < 0 || scale > precision) return null;
  return {
    element: {
      ...(precision <= 9
        ? { type: "INT32" }
        : precision <= 18
        ? { type: "INT64" }
        : { type: "FIXED_LEN_BYTE_ARRAY", type_length: 16 }),
      converted_type: "DECIMAL",
      logical_type: { type: "DECIMAL", precision, scale },
      precision,
      scale,
    } as ColumnCodec["element"],
    read: (value) => {
      const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(value);
      if (match === null) return undefined;
      const digits = BigInt(match[2]! + (match[3] ?? "").padEnd(scale, "0"));
      return match[1] === "-" ? -digits : digits;
    },
  };
}

const day_ms = 86_400_000;

/** Days since 1970; undefined for infinity and for years that JavaScript does not have. */
function readDay(text: string): number | undefined {
  const milliseconds = readDate(text);
  return milliseconds === undefined ? undefined : milliseconds / day_ms;
}

/** `2024-05-01 12:00:00.123456+00`, always UTC. */
function readMicroseconds(text: string): bigint | undefined {
  const match = /^(\d{4,}-\d\d-\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:\+00)?( BC)?$/.exec(text);
  if (match === null) return undefined;
  const date_ms = readDate(match[1]! + (match[6] ?? ""));
  if (date_ms === undefined) return undefined;
  const seconds = (Number(match[2]) * 60 + Number(match[3])) * 60 + Number(match[4]);
  return BigInt(date_ms + seconds * 1000) * 1000n + BigInt((match[5] ?? "").padEnd(6, "0"));
}

function readDate(text: string): number | undefined {
  const match = /^(\d{4,})-(\d\d)-(\d\d)( BC)?$/.exec(text);
  if (match === null) return undefined;
  const year = match[4] === undefined ? Number(match[1]) : 1 - Number(match[1]);
  const date = new Date(0);
  // Date.UTC takes years below 100 for those of the twentieth century.
  const milliseconds = date.setUTCFullYear(year, Number(match[2]) - 1, Number(match[3]));
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}
