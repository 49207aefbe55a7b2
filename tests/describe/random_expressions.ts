/** Expressions by chance, of a wanted type, over the columns that are there. See random_queries.ts. */

export type Type = "int" | "text" | "bool" | "date" | "number" | "json";

export interface Column {
  /** As it is written: `t1.id`. */
  sql: string;
  type: Type;
}

export interface Context {
  columns: readonly Column[];
  rows: readonly string[];
  depth: number;
  /** Aggregates and windows may stand here. */
  isAggregate: boolean;
  isWindow: boolean;
}

export const relations: Record<string, [string, Type][]> = {
  "shop.customer": [["id", "int"], ["name", "text"], ["email", "text"], ["joined_on", "date"], [
    "referrer_id",
    "int",
  ], [
    "extra",
    "json",
  ]],
  "shop.purchase": [["id", "number"], ["customer_id", "int"], ["total", "number"], ["note", "text"], [
    "boxes",
    "int",
  ]],
  "shop.line": [["purchase_id", "number"], ["position", "int"], ["label", "text"], ["amount", "number"]],
  "shop.customer_purchase": [["id", "int"], ["name", "text"], ["purchase_id", "number"], ["total", "number"]],
  "shop.purchase_total": [["purchase_id", "number"], ["lines", "number"], ["amount", "number"], [
    "last_label",
    "text",
  ]],
  "shop.overview": [["id", "int"], ["name", "text"], ["total", "number"], ["lines", "number"], [
    "line_count",
    "number",
  ]],
};

const sqlTypes: Record<Type, string> = {
  int: "integer",
  text: "text",
  bool: "boolean",
  date: "date",
  number: "numeric",
  json: "jsonb",
};

export class ExpressionGenerator {
  #state: number;
  #alias = 0;

  constructor(seed: number, readonly version: number) {
    this.#state = (seed * 2654435761 + 1) >>> 0;
  }

  beginStatement(): void {
    this.#alias = 0;
  }

  /** What aggregates of the query being made see. */
  aggregated: Context = { columns: [], rows: [], depth: 0, isAggregate: false, isWindow: false };

  /** xorshift: the same queries for the same seed everywhere. */
  next(): number {
    let x = this.#state || 1;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return this.#state = x >>> 0;
  }

  below(limit: number): number {
    return this.next() % limit;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  name(): string {
    return `t${++this.#alias}`;
  }

  anyType(): Type {
    return this.pick<Type>(["int", "text", "bool", "date", "number", "json"]);
  }

  condition(context: Context, depth: number): string {
    const inner = () => this.condition(context, depth - 1);
    if (depth > 0 && this.chance(50)) {
      return this.pick([
        () => `(${inner()} and ${inner()})`,
        () => `(${inner()} and ${inner()})`,
        () => `(${inner()} or ${inner()})`,
        () => `(not ${inner()})`,
      ])();
    }
    const column = context.columns.length > 0 && this.chance(85) ? this.pick(context.columns) : null;
    if (column === null) return this.expression("bool", context, 1);
    const value = () => this.expression(column.type, { ...context, isAggregate: false, isWindow: false }, 1);
    if (column.type === "json") {
      return this.pick([`${column.sql} is not null`, `${column.sql} ? 'a'`, `${column.sql} is null`]);
    }
    if (column.type === "bool") {
      return this.pick([column.sql, `${column.sql} is true`, `${column.sql} is not false`]);
    }
    return this.pick([
      () => `${column.sql} is not null`,
      () => `${column.sql} is not null`,
      () => `${column.sql} is null`,
      () => `${column.sql} = ${value()}`,
      () => `${column.sql} <> ${value()}`,
      () => `${column.sql} is distinct from ${value()}`,
      () => `(${column.sql} > ${value()}) is not unknown`,
      () => `${column.sql} in (${value()}, ${value()})`,
      () => `${column.sql} = any (array[${value()}, ${value()}]::${sqlTypes[column.type]}[])`,
      () => `coalesce(${column.sql}, ${value()}) >= ${value()}`,
      () => `exists (select from shop.line as l where l.label = 'l1')`,
      () => `${column.sql} <> all (array[]::${sqlTypes[column.type]}[])`,
      () => `${column.sql} not in (${value()}, ${value()})`,
    ])();
  }

  expression(type: Type, context: Context, depth: number): string {
    if (context.isAggregate && this.chance(50)) return this.aggregate(type);
    const own = context.columns.filter((column) => column.type === type);
    if (own.length > 0 && (depth === 0 || this.chance(40))) return this.pick(own).sql;
    if (depth === 0) return this.constant(type);
    const inner = (of: Type = type) => this.expression(of, context, depth - 1);
    if (context.isWindow && this.chance(15)) return this.window(type, context);
    const common = [
      () => `coalesce(${inner()}, ${inner()})`,
      () => `coalesce(${inner()}, ${this.constant(type)})`,
      () => `case when ${this.caseCondition(context)} then ${inner()} else ${inner()} end`,
      () => `case when ${this.caseCondition(context)} then ${inner()} end`,
      () => this.narrowed(type, context, inner),
      () => `(${inner()})::${sqlTypes[type]}`,
      () => this.constant(type),
      () => this.scalar(type, context),
      ...(type === "json"
        ? []
        : [() => `nullif(${inner()}, ${inner()})`, () => `greatest(${inner()}, ${inner()})`]),
    ];
    return this.pick([...common, ...this.own(type, context, inner)])();
  }

  own(type: Type, context: Context, inner: (of?: Type) => string): (() => string)[] {
    switch (type) {
      case "int":
        return [
          () => `(${inner()} + ${inner()})`,
          () => `length(${inner("text")})`,
          () => `(-${inner()})`,
          () => `abs(${inner()})`,
          () => `((${inner("json")} ->> 'a')::integer)`,
          () => `array_length(array[${inner()}], 1)`,
        ];
      case "number":
        return [
          () => `(${inner()} * ${inner()})`,
          () => `round(${inner()}, 1)`,
          () => `(${inner("int")})::numeric`,
        ];
      case "text":
        return [
          () => `(${inner()} || ${inner()})`,
          () => `upper(${inner()})`,
          () => `concat(${inner()}, ${inner("int")})`,
          () => `substring(${inner()} from 'x')`,
          () => `(${inner("int")})::text`,
          () => `split_part(${inner()}, 'a', 1)`,
          () => `to_char(${inner("date")}, 'YYYY')`,
          () => `(${inner("json")} ->> 'a')`,
          () => `row(${inner()}, ${inner()})::text`,
        ];
      case "date":
        return [
          () => `(${inner()} + ${inner("int")} % 100)`,
          () => `date_trunc('month', ${inner()}::timestamp)::date`,
        ];
      case "bool":
        return [
          () => `(${inner("int")} = ${inner("int")})`,
          () => `(${inner("text")} is null)`,
          () => `(${inner("date")} is distinct from ${inner("date")})`,
          () => `(${inner()} and ${inner()})`,
          () => `(${inner()} or ${inner()})`,
          () => `(not ${inner()})`,
          () => `(${inner()} is true)`,
          () => `(${inner("int")} in (${inner("int")}, ${inner("int")}))`,
          () => `(${inner("text")} like 'a%')`,
          () => `exists (select from shop.line as l where l.position = 1)`,
          () => `(${inner("int")} in (select r.referrer_id from shop.customer as r))`,
          () => `(${inner("int")} in (select r.id from shop.customer as r))`,
        ];
      case "json":
        return this.json(context, inner);
      default:
        throw new TypeError(`unknown type: ${type satisfies never}`);
    }
  }

  json(context: Context, inner: (of?: Type) => string): (() => string)[] {
    const row = context.rows.length > 0 && !context.isAggregate ? this.pick(context.rows) : null;
    return [
      () => `jsonb_build_object('a', ${inner(this.anyType())}, 'b', ${inner(this.anyType())})`,
      () => `jsonb_build_object('a', ${inner("int")}, coalesce(${inner("text")}, 'k'), ${inner("text")})`,
      () => `jsonb_build_array(${inner(this.anyType())}, ${inner(this.anyType())})`,
      () => `to_jsonb(${inner(this.pick<Type>(["int", "number", "text", "date", "bool"]))})`,
      () => `to_jsonb(array[${inner("int")}, ${inner("int")}])`,
      () => `to_jsonb(array(select l.amount from shop.line as l))`,
      () => `json_build_object('x', ${inner("date")}, 'x', ${inner("int")})::jsonb`,
      () => `(jsonb_build_object('a', ${inner("text")}) || jsonb_build_object('b', ${inner("int")}))`,
      () =>
        `jsonb_strip_nulls(jsonb_build_object('a', ${inner("text")}, 'n', jsonb_build_object('b', ${
          inner("int")
        })))`,
      () => `to_jsonb(row(${inner("int")}, ${inner("text")}))`,
      () =>
        `coalesce((select jsonb_agg(to_jsonb(l) order by l.label) from shop.line as l where l.position = ${
          inner("int")
        }), '[]')`,
      () =>
        `(select jsonb_object_agg(c.name, c.email) from shop.customer as c where c.id > ${this.below(4)})`,
      ...(row === null ? [] : [() => `to_jsonb(${row})`, () => `row_to_json(${row})::jsonb`]),
      ...(this.version < 16 ? [] : [
        () => `json_object('a': ${inner("text")}, 'b': ${inner("int")} absent on null returning jsonb)`,
        () => `json_array(${inner("int")}, ${inner("text")} null on null returning jsonb)`,
        () => `json_array(select l.amount from shop.line as l returning jsonb)`,
      ]),
    ];
  }

  narrowed(type: Type, context: Context, inner: () => string): string {
    const own = context.columns.filter((column) => column.type === type);
    if (own.length === 0) return inner();
    const { sql } = this.pick(own);
    return this.pick([
      `case when ${sql} is not null then ${sql} else ${inner()} end`,
      `case when ${sql} is null then ${inner()} else ${sql} end`,
      `case when ${sql} is null or ${this.caseCondition(context)} then ${inner()} else ${sql} end`,
    ]);
  }

  caseCondition(context: Context): string {
    return this.condition({ ...context, isAggregate: false, isWindow: false }, 1);
  }

  scalar(type: Type, context: Context): string {
    if (type === "json") return this.constant(type);
    const table = this.pick(Object.keys(relations));
    const own = relations[table]!.filter(([, of]) => of === type);
    const alias = this.name();
    const correlated = context.columns.filter((column) => column.type === "int");
    const where = correlated.length > 0 && this.chance(50)
      ? ` where ${this.pick(correlated).sql} > ${this.below(3)}`
      : "";
    if (own.length === 0) return `(select ${this.constant(type)}${where})`;
    const column = `${alias}.${this.pick(own)[0]}`;
    const aggregate = type === "bool" ? `bool_and(${column})` : `max(${column})`;
    return this.pick([
      `(select ${aggregate} from ${table} as ${alias}${where})`,
      `(select coalesce(${aggregate}, ${this.constant(type)}) from ${table} as ${alias}${where})`,
      `(select coalesce(${aggregate}, ${
        this.constant(type)
      }) from ${table} as ${alias}${where} having count(*) > 2)`,
      `(select ${column} from ${table} as ${alias}${where} order by 1 limit 1)`,
      ...(type === "int" ? [`(select count(*) from ${table} as ${alias}${where})::integer`] : []),
    ]);
  }

  aggregate(type: Type): string {
    const context = this.aggregated;
    const argument = (of: Type = type) => this.expression(of, context, 1);
    const filter = this.chance(25) ? ` filter (where ${this.condition(context, 1)})` : "";
    switch (type) {
      case "int":
        return this.pick([
          `count(*)${filter}::integer`,
          `count(${argument("text")})${filter}::integer`,
          `max(${argument()})${filter}`,
          `min(${argument()})${filter}`,
        ]);
      case "number":
        return this.pick([
          `sum(${argument()})${filter}`,
          `avg(${argument()})${filter}`,
          `count(*)${filter}::numeric`,
        ]);
      case "text":
        return this.pick([
          `max(${argument()})${filter}`,
          `string_agg(${argument()}, ',')${filter}`,
          `array_agg(${argument()})${filter}::text`,
        ]);
      case "date":
        return `max(${argument()})${filter}`;
      case "bool":
        return this.pick([`bool_and(${argument()})${filter}`, `bool_or(${argument()})${filter}`]);
      case "json":
        return this.pick([
          `jsonb_agg(${argument(this.anyType())})${filter}`,
          `json_agg(${argument(this.anyType())})${filter}::jsonb`,
          `coalesce(jsonb_agg(jsonb_build_object('a', ${argument("int")}, 'b', ${
            argument("text")
          }))${filter}, '[]')`,
          `jsonb_object_agg(coalesce(${argument("text")}, 'k'), ${argument("int")})${filter}`,
          `to_jsonb(array_agg(${argument("number")})${filter})`,
        ]);
      default:
        throw new TypeError(`unknown type: ${type satisfies never}`);
    }
  }

  window(type: Type, context: Context): string {
    const argument = this.expression(type, { ...context, isWindow: false }, 1);
    const order = context.columns.filter((column) => column.type !== "json");
    const by = order.length > 0 ? `order by ${this.pick(order).sql}` : "";
    const frame = this.pick([
      `(${by})`,
      "()",
      `(${by || "order by 1"} rows between 2 preceding and 1 preceding)`,
    ]);
    if (type === "int" && this.chance(40)) {
      return this.pick([
        `row_number() over (${by})::integer`,
        `ntile(2) over (${by})::integer`,
        `count(*) over ${frame}::integer`,
      ]);
    }
    const functions = type === "json" || type === "bool"
      ? [`first_value(${argument}) over ${frame}`, `lag(${argument}) over (${by})`]
      : [
        `first_value(${argument}) over ${frame}`,
        `lag(${argument}, 1, ${this.constant(type)}) over (${by})`,
        `lead(${argument}) over (${by})`,
        `max(${argument}) over ${frame}`,
      ];
    return this.pick(functions);
  }

  constant(type: Type): string {
    if (this.chance(15)) return `null::${sqlTypes[type]}`;
    switch (type) {
      case "int":
        return `${this.below(5)}`;
      case "number":
        return this.pick(["1.5", "0::numeric", "'NaN'::numeric"]);
      case "text":
        return this.pick(["'a'", "''", "'xy'", "'l1'"]);
      case "bool":
        return this.pick(["true", "false"]);
      case "date":
        return this.pick(["date '2024-02-29'", "date 'infinity'"]);
      case "json":
        return this.pick([
          `'{}'::jsonb`,
          `'[]'::jsonb`,
          `'null'::jsonb`,
          `'{"a": 1}'::jsonb`,
          `'[1, null]'::json::jsonb`,
        ]);
      default:
        throw new TypeError(`unknown type: ${type satisfies never}`);
    }
  }
}
