/**
 * Queries by chance, from a seed: joins of every kind over tables, views, sub-queries, CTEs, VALUES and functions, with conditions,
 * groups, windows, set operations and JSON, over the schema of tests/fixtures/nullability/schema.sql. Each is one that PostgreSQL
 * takes, but for division by zero and the like.
 */

import {
  type Column,
  type Context,
  ExpressionGenerator,
  relations,
  type Type,
} from "./random_expressions.ts";

interface Source {
  sql: string;
  columns: Column[];
  /** The alias, where a whole row may be asked for. */
  row: string | null;
}

export class QueryGenerator extends ExpressionGenerator {
  /** A whole statement and the kind of file it is for. */
  statement(): { sql: string; kind: "many" | "exec" | "report" } {
    this.beginStatement();
    const chance = this.below(20);
    if (chance < 2) return { sql: this.#write(), kind: "exec" };
    if (chance < 6) return { sql: this.#report(), kind: "report" };
    if (chance < 9) return { sql: this.#setOperation(), kind: "many" };
    return { sql: this.#select(2, null, []).sql, kind: "many" };
  }

  #setOperation(): string {
    const types = Array.from(
      { length: 1 + this.below(3) },
      () => this.pick<Type>(["int", "text", "number", "date"]),
    );
    const operator = () => this.pick(["union", "union all", "intersect", "except", "union all"]);
    const branch = () => `(${this.#select(1, types, []).sql})`;
    const two = `${branch()} ${operator()} ${branch()}`;
    return this.chance(30) ? `(${two}) ${operator()} ${branch()}` : two;
  }

  /** @param outer columns of the query around, for a lateral one */
  #select(
    depth: number,
    types: readonly Type[] | null,
    outer: readonly Column[],
  ): { sql: string; types: Type[] } {
    const ctes: string[] = [];
    const cteSources: { name: string; columns: [string, Type][] }[] = [];
    if (depth > 1 && this.chance(25)) {
      const name = this.name();
      const inner = this.#select(depth - 1, null, []);
      const columns = inner.types.map((type, at): [string, Type] => [`c${at}`, type]);
      ctes.push(`${name} (${columns.map(([column]) => column).join(", ")}) as (${inner.sql})`);
      cteSources.push({ name, columns });
    }
    const source = this.#join(1 + this.below(3), depth, cteSources, outer);
    const wanted = types ?? Array.from({ length: 1 + this.below(4) }, () => this.anyType());
    const mode = this.below(10);
    const base = { depth, rows: source.row === null ? [] : [source.row] };
    const from = `from ${source.sql}`;
    const columns = [...source.columns, ...outer];
    const where = this.chance(50)
      ? ` where ${this.condition({ ...base, columns, isAggregate: false, isWindow: false }, 2)}`
      : "";
    const withs = ctes.length > 0 ? `with ${ctes.join(", ")} ` : "";
    const target = (sql: string, at: number) => `${sql} as c${at}`;
    if (mode < 3 && depth > 0) {
      // A group's keys may be asked for as they are, everything else only inside an aggregate.
      const keys = Array.from({ length: this.below(3) }, () => this.pick(source.columns))
        .filter(({ type }, at, all) => type !== "json" && all.findIndex((each) => each.type === type) === at);
      const grouped = { ...base, rows: [], columns: keys, isAggregate: true, isWindow: false };
      this.aggregated = { ...base, columns, isAggregate: false, isWindow: false };
      const targets = wanted.map((type, at) => target(this.expression(type, grouped, 2), at));
      const group = keys.map(({ sql }) => sql).join(", ");
      const clause = keys.length === 0
        ? ""
        : ` group by ${
          this.pick([group, group, `rollup (${group})`, `cube (${group})`, `grouping sets ((${group}), ())`])
        }`;
      const having = this.chance(20) ? ` having count(*) > ${this.below(2)}` : "";
      return {
        sql: `${withs}select ${targets.join(", ")} ${from}${where}${clause}${having}`,
        types: [...wanted],
      };
    }
    const context = { ...base, columns, isAggregate: false, isWindow: mode < 6 };
    const targets = wanted.map((type, at) => target(this.expression(type, context, 3), at));
    const limit = this.chance(20) ? ` limit ${this.below(4)}` : "";
    const distinct = this.chance(10) && !wanted.includes("json") ? "distinct " : "";
    return {
      sql: `${withs}select ${distinct}${targets.join(", ")} ${from}${where}${limit}`,
      types: [...wanted],
    };
  }

  #join(
    count: number,
    depth: number,
    ctes: readonly { name: string; columns: [string, Type][] }[],
    outer: readonly Column[],
  ): Source {
    let source = this.#source(depth, ctes, outer);
    for (let at = 1; at < count; at++) {
      const isLateral = this.chance(15) && depth > 0;
      const right = isLateral
        ? this.#lateral(depth, [...source.columns, ...outer])
        : this.chance(20)
        ? this.#nested(depth, ctes, outer)
        : this.#source(depth, ctes, outer);
      const kind = isLateral
        ? this.pick(["left join", "join"])
        : this.pick(["left join", "left join", "right join", "full join", "join"]);
      // FULL JOIN takes only what can be merged or hashed.
      const condition = this.#joinCondition(source.columns, right.columns, kind === "full join");
      source = {
        sql: `${source.sql} ${kind} ${right.sql} on ${condition}`,
        columns: [...source.columns, ...right.columns],
        row: this.chance(50) ? source.row : right.row,
      };
    }
    return source;
  }

  #nested(
    depth: number,
    ctes: readonly { name: string; columns: [string, Type][] }[],
    outer: readonly Column[],
  ): Source {
    const inner = this.#join(2, Math.min(depth, 1), ctes, outer);
    return { ...inner, sql: `(${inner.sql})` };
  }

  #joinCondition(left: readonly Column[], right: readonly Column[], isEqual: boolean): string {
    const pairs = left.flatMap((one) =>
      right.filter(({ type }) => type === one.type && type !== "json").map((other) =>
        `${one.sql} = ${other.sql}`
      )
    );
    if (pairs.length === 0) return this.pick(["true", "false"]);
    const first = this.pick(pairs);
    if (isEqual || this.chance(70)) return first;
    return this.pick([
      `${first} and ${this.pick(pairs)}`,
      `${first} or ${this.pick(pairs)}`,
      "true",
      "false",
    ]);
  }

  #lateral(depth: number, outer: readonly Column[]): Source {
    const inner = this.#select(depth - 1, null, outer);
    const alias = this.name();
    return {
      sql: `lateral (${inner.sql}) as ${alias}`,
      columns: inner.types.map((type, at) => ({ sql: `${alias}.c${at}`, type })),
      row: alias,
    };
  }

  #source(
    depth: number,
    ctes: readonly { name: string; columns: [string, Type][] }[],
    outer: readonly Column[],
  ): Source {
    const alias = this.name();
    const of = (columns: readonly [string, Type][]): Column[] =>
      columns.map(([name, type]) => ({ sql: `${alias}.${name}`, type }));
    const chance = this.below(20);
    if (chance < 3 && ctes.length > 0) {
      const { name, columns } = this.pick(ctes);
      return { sql: `${name} as ${alias}`, columns: of(columns), row: alias };
    }
    if (chance < 6 && depth > 0) {
      const inner = this.#select(depth - 1, null, []);
      return {
        sql: `(${inner.sql}) as ${alias}`,
        columns: inner.types.map((type, at) => ({ sql: `${alias}.c${at}`, type })),
        row: alias,
      };
    }
    if (chance === 6) {
      const rows = Array.from(
        { length: 1 + this.below(3) },
        () =>
          `(${this.chance(60) ? this.below(4) : "null::integer"}, ${
            this.chance(60) ? `'v${this.below(3)}'` : "null"
          })`,
      );
      return {
        sql: `(values ${rows.join(", ")}) as ${alias} (a, b)`,
        columns: of([["a", "int"], ["b", "text"]]),
        row: alias,
      };
    }
    if (chance === 7) {
      return {
        sql: `generate_series(1, ${this.below(4)}) as ${alias} (a)`,
        columns: of([["a", "int"]]),
        row: null,
      };
    }
    if (chance === 8) {
      return {
        sql: `unnest(array['x', null, 'y']) with ordinality as ${alias} (a, b)`,
        columns: [{ sql: `${alias}.a`, type: "text" }],
        row: null,
      };
    }
    void outer;
    const relation = this.pick(Object.keys(relations));
    return { sql: `${relation} as ${alias}`, columns: of(relations[relation]!), row: alias };
  }

  #report(): string {
    const inner = this.#select(2, ["json"], []);
    return this.pick([
      `select r.c0 as report from (${inner.sql}) as r limit 1`,
      `select coalesce(json_agg(r.c0), '[]') as report from (${inner.sql}) as r`,
      `select json_build_object('one', (select r.c0 from (${inner.sql}) as r limit 1), 'all', array(select l.label from shop.line as l)) as report`,
      `with r as (${inner.sql}) select jsonb_build_object('rows', coalesce((select jsonb_agg(r) from r), '[]')) as report`,
    ]);
  }

  #write(): string {
    const returning = (columns: readonly Column[], rows: readonly string[]) =>
      Array.from({ length: 1 + this.below(3) }, () => this.anyType())
        .map((type, at) =>
          `${
            this.expression(type, { columns, rows, depth: 1, isAggregate: false, isWindow: false }, 2)
          } as c${at}`
        ).join(", ");
    const target: Column[] = relations["shop.customer"]!.map(([name, type]) => ({ sql: `t.${name}`, type }));
    const other = this.#join(1 + this.below(2), 1, [], []);
    const all = [...target, ...other.columns];
    const context: Context = { columns: all, rows: [], depth: 1, isAggregate: false, isWindow: false };
    return this.pick([
      () =>
        `update shop.customer as t set email = ${
          this.expression("text", context, 1)
        }, referrer_id = null from ${other.sql} where ${
          this.condition({ ...context, columns: target }, 1)
        } and ${this.condition(context, 1)} returning t.email, t.referrer_id, ${returning(all, ["t"])}`,
      () =>
        `delete from shop.line as d using shop.customer as t left join ${other.sql} on true where ${
          this.condition(context, 1)
        } returning ${returning(all, ["t"])}`,
      () =>
        `insert into shop.customer as t (id, name, joined_on, tags, email) select 100 + row_number() over (), 'n', current_date, '{}', ${
          this.expression("text", { ...context, columns: other.columns }, 1)
        } from ${other.sql} returning ${returning(target, ["t"])}`,
    ])();
  }
}
