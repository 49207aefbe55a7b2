/** JSON Schemas of what answers are made of: rows, columns, counts. */

import type { TypedColumn, TypedQuery } from "../describe/model.ts";
import type { JsonSchema } from "./model.ts";
import { jsonSchemaOf } from "./report_schema.ts";
import { closedObject, representationOf, schemaOf } from "./schema.ts";

export const truncatedSchema: JsonSchema = {
  description: "Set when a ceiling cut rows off: what is missing and how to get it",
  type: "string",
};

export function countSchema(description: string): JsonSchema {
  return { description, type: "integer", minimum: 0 };
}

export function rowSchema({ columns }: TypedQuery): JsonSchema {
  return closedObject(Object.fromEntries(columns.map((column) => [column.name, columnSchema(column)])));
}

export function rowsSchema(query: TypedQuery): JsonSchema {
  return { type: "array", items: rowSchema(query) };
}

export function columnSchema(column: TypedColumn, isNullable = column.isNullable): JsonSchema {
  const description = column.tag?.text || column.comment;
  const flow = column.tag?.flow ?? {};
  // {as: string} answers the document as one text.
  if (column.shape !== undefined && representationOf(flow) === null) {
    const { as: _as, ...vocabulary } = flow;
    const schema = jsonSchemaOf({ shape: column.shape, isNullable });
    return { ...(description ? { description } : {}), ...schema, ...vocabulary };
  }
  return schemaOf(column.type, {
    direction: "output",
    isNullable,
    typmod: column.typmod,
    description,
    flow,
  });
}
