/**
 * The kind `:view`: pages of a view, with only the filters that a call gives, so that each combination gets
 * its own plan.
 */

import { castName } from "../postgres/types/types.ts";
import type { TypedColumn, TypedQuery } from "../describe/model.ts";
import { fromJsonOf } from "../postgres/types/codec.ts";
import { quoteIdentifier } from "../postgres/identifiers.ts";
import type { PgType } from "../postgres/types/types.ts";
import { filterArgument } from "../query/filter_argument.ts";
import type { FilterTag } from "../query/model.ts";
import { type ArgumentSlot, converted } from "../tool/arguments.ts";
import { given, type KindEntry } from "../tool/kind.ts";
import type { JsonSchema, PageKey, PageStatements } from "../tool/model.ts";
import { nullable, schemaOf } from "../tool/schema.ts";
import { pageStatements } from "./keyset.ts";
import { type BoundPage } from "./model.ts";
import { pageArguments, pageOutput, runPage } from "./page.ts";

export const view: KindEntry<BoundPage> = {
  arguments(query, { tool, limits, page }) {
    const slots = query.parsed.header.filters.map((filter) => filterSlot(filter, query.columns));
    const paged = pageArguments(limits, (_values, args) => {
      const filters = slots.flatMap(({ argument, filter, fromJson }): GivenFilter[] => {
        const value = given(args, argument) ?? null;
        return value === null ? [] : [{ filter, value: converted(tool, argument, fromJson, value) }];
      });
      return {
        values: Object.fromEntries(
          filters.map(({ filter, value }, index) => [`${index} ${filter.column} ${filter.operator}`, value]),
        ),
        statements: viewStatements(query, page?.keys ?? [], filters),
        parameters: filters.map(({ value }) => value),
        filters: filters.map(({ filter, value }) => [filter.column, filter.operator, value]),
      };
    });
    return {
      ...paged,
      properties: {
        ...Object.fromEntries(slots.map(({ argument, schema }) => [argument, schema])),
        ...(page === null ? {} : paged.properties),
      },
      reserved: page === null ? [] : paged.reserved,
    };
  },
  output: pageOutput,
  check({ parsed: { header } }, report) {
    if (header.order.length > 0) return;
    report(
      "view-unordered",
      header.kindPlace,
      "A :view is paged by its order, and this file has no @order",
      "Write @order with columns that end in a unique one",
    );
  },
  run: runPage,
};

interface GivenFilter {
  filter: FilterTag;
  value: string;
}

/** The pages of a view, with these filters. */
export function viewStatements(
  query: TypedQuery,
  keys: readonly PageKey[],
  filters: readonly GivenFilter[],
): PageStatements {
  const { schema, name } = query.parsed.view!;
  const names = query.columns.map((column) => column.name);
  const conditions = filters.map(({ filter: { column, operator } }, index) => {
    const type = query.columns.find((candidate) => candidate.name === column)!;
    return condition(`source.${quoteIdentifier(column)}`, operator, index + 1, type);
  });
  const text = [
    `select ${names.map((each) => `source.${quoteIdentifier(each)}`).join(", ")}`,
    `from ${quoteIdentifier(schema)}.${quoteIdentifier(name)} as source`,
    ...(conditions.length > 0 ? [`where ${conditions.join("\n  and ")}`] : []),
  ].join("\n");
  return pageStatements(text, names, keys, filters.length);
}

function condition(
  column: string,
  operator: FilterTag["operator"],
  number: number,
  { type }: TypedColumn,
): string {
  switch (operator) {
    case "in":
      return `${column} = any ($${number}::${castName(type)}[])`;
    case "~":
      return `${column} ~ $${number}::text`;
    case "=":
    case ">=":
    case "<=":
      return `${column} ${operator} $${number}::${castName(type)}`;
    default:
      throw new TypeError(`unknown operator: ${operator satisfies never}`);
  }
}

function filterSlot(
  filter: FilterTag,
  columns: readonly TypedColumn[],
): ArgumentSlot & { filter: FilterTag } {
  const column = columns.find(({ name }) => name === filter.column)!;
  const base = {
    direction: "input" as const,
    isNullable: false,
    typmod: column.typmod,
    flow: column.tag?.flow ?? {},
  };
  const description = filter.text || column.tag?.text || column.comment;
  const argument = filterArgument(filter);
  const optional = (schema: JsonSchema) => nullable(description ? { description, ...schema } : schema);
  const element = fromJsonOf(column.type);
  switch (filter.operator) {
    case "in": {
      const { description: _own, ...items } = schemaOf(column.type, base);
      const array: PgType = {
        kind: "array",
        oid: 0,
        schema: "",
        name: "",
        comment: null,
        element: column.type,
        delimiter: ",",
      };
      return {
        argument,
        filter,
        schema: optional({ type: "array", items, minItems: 1, maxItems: 1000 }),
        fromJson: fromJsonOf(array),
      };
    }
    case "~":
      return { argument, filter, schema: optional({ type: "string" }), fromJson: (value) => String(value) };
    default: {
      const { description: _own, ...schema } = schemaOf(column.type, base);
      return { argument, filter, schema: optional(schema), fromJson: element };
    }
  }
}
