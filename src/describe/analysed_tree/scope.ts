/**
 * A query of the analysed tree with all that is around it: its range table, the queries above it, which
 * relations an outer join can fill with nulls, what its WHERE has proven.
 */

import { child, children, numberOf, type TreeNode } from "./node_text.ts";
import { type Relations } from "../relations.ts";
import { type TypeMap } from "../../postgres/types/types.ts";

/** What is known of the parameters of a statement, by `$n`. */
export interface ParameterFacts {
  /** Never null: the server refuses a call without them. */
  notNull: ReadonlySet<number>;
  /** Arrays of an `:unnest` file, all of one length. */
  rowArrays: ReadonlySet<number>;
  /** Those of them without null elements. */
  elementsNotNull: ReadonlySet<number>;
}

export const noParameterFacts: ParameterFacts = {
  notNull: new Set(),
  rowArrays: new Set(),
  elementsNotNull: new Set(),
};

export const commands = { select: 1, update: 2, insert: 3, delete: 4, merge: 5 } as const;
export const joins = { inner: 0, left: 1, full: 2, right: 3 } as const;

const rangeTableKinds = [
  "relation",
  "subquery",
  "join",
  "function",
  "tablefunc",
  "values",
  "cte",
  "namedtuplestore",
  "result",
  "group",
] as const;
export type RangeTableKind = (typeof rangeTableKinds)[number] | null;

/** One side of an outer join that fills with nulls: `3:left`. */
type NullingSide = string;

/** Answers which variables a condition proves; `nullability_facts.ts` has it. */
export type FindFacts = (condition: TreeNode, scope: Scope) => ReadonlySet<string>;

export class Scope {
  /**
   * WHERE and the conditions of inner joins hold for every row of a SELECT. A RETURNING list sees the row
   * after it.
   */
  readonly facts: ReadonlySet<string>;
  /** Sides of outer joins by range-table index; a relation without an entry is not in FROM. */
  readonly nulling: ReadonlyMap<number, readonly NullingSide[]>;
  /** Sides that are taken to hold a row: those of a full join, for the arguments of its merged column. */
  readonly assumed: ReadonlySet<NullingSide>;
  /** Sides that a fact has shown to hold a row, and the assumed ones. */
  readonly #real: ReadonlySet<NullingSide>;
  /** Inside an aggregate's arguments rows are still single ones. */
  readonly isUngrouped: boolean;
  /**
   * What this one is derived from: sub-queries in FROM are opened there once, and know no more than it does.
   */
  readonly origin: Scope;
  /** Answers that do not change, by their question. */
  readonly memo: Map<string, unknown>;

  private constructor(
    readonly query: TreeNode,
    readonly parent: Scope | null,
    readonly catalog: TreeCatalog,
    readonly parameters: ParameterFacts,
    readonly depth: number,
    derived: Pick<Scope, "facts" | "nulling" | "assumed" | "isUngrouped" | "memo">,
    origin: Scope | null,
  ) {
    this.origin = origin ?? this;
    this.nulling = derived.nulling;
    this.facts = derived.facts;
    this.isUngrouped = derived.isUngrouped;
    this.memo = derived.memo;
    this.assumed = derived.assumed;
    const real = new Set<NullingSide>(derived.assumed);
    for (const fact of derived.facts) {
      for (const side of this.nulling.get(Number(fact.split(".")[0])) ?? []) real.add(side);
    }
    this.#real = real;
  }

  /** The scope of a statement or of a view. */
  static root(
    query: TreeNode,
    catalog: TreeCatalog,
    findFacts: FindFacts,
    parameters: ParameterFacts = noParameterFacts,
  ): Scope {
    return Scope.#open(query, null, catalog, parameters, 0, findFacts);
  }

  /** The scope of a query inside this one. */
  open(query: TreeNode, findFacts: FindFacts): Scope {
    return Scope.#open(query, this, this.catalog, this.parameters, this.depth + 1, findFacts);
  }

  static #open(
    query: TreeNode,
    parent: Scope | null,
    catalog: TreeCatalog,
    parameters: ParameterFacts,
    depth: number,
    findFacts: FindFacts,
  ): Scope {
    const nulling = new Map<number, readonly NullingSide[]>();
    const conditions: TreeNode[] = [];
    const jointree = child(query, "jointree");
    if (jointree !== null) walkJoins(jointree, [], nulling, conditions);
    const derive = (facts: ReadonlySet<string>) =>
      new Scope(query, parent, catalog, parameters, depth, {
        facts,
        nulling,
        assumed: new Set(),
        isUngrouped: false,
        memo: new Map(),
      }, null);
    if (numberOf(query, "commandType") !== commands.select) return derive(new Set());
    const bare = derive(new Set());
    const facts = new Set(conditions.flatMap((condition) => [...findFacts(condition, bare)]));
    return derive(facts);
  }

  /** The same query where more is known, as in a branch of CASE. */
  with(facts: ReadonlySet<string>): Scope {
    if ([...facts].every((fact) => this.facts.has(fact))) return this;
    return this.#derive({ facts: new Set([...this.facts, ...facts]) });
  }

  /** The same query seen by an aggregate's arguments. */
  ungrouped(): Scope {
    return this.isUngrouped ? this : this.#derive({ isUngrouped: true });
  }

  /** The same query where neither side of a full join is missing. */
  inside(join: number): Scope {
    return this.#derive({ assumed: new Set([...this.assumed, `${join}:left`, `${join}:right`]) });
  }

  #derive(changes: Partial<Pick<Scope, "facts" | "assumed" | "isUngrouped">>): Scope {
    const { facts, nulling, assumed, isUngrouped } = this;
    // What follows from other premises is no answer here.
    const derived = { facts, nulling, assumed, isUngrouped, ...changes, memo: new Map<string, unknown>() };
    return new Scope(
      this.query,
      this.parent,
      this.catalog,
      this.parameters,
      this.depth,
      derived,
      this.origin,
    );
  }

  /** The query `levels` above; null where the tree ends. */
  above(levels: number): Scope | null {
    return levels === 0 ? this : this.parent?.above(levels - 1) ?? null;
  }

  entry(index: number): TreeNode | null {
    return this.recall("entries", () => children(this.query, "rtable"))[index - 1] ?? null;
  }

  kindOf(entry: TreeNode): RangeTableKind {
    return rangeTableKinds[numberOf(entry, "rtekind")] ?? null;
  }

  /**
   * Whether an outer join can give the relation a row of nulls. `nullingJoins` are those that the tree itself
   * names.
   */
  isNulled(index: number, nullingJoins: readonly number[] = []): boolean {
    const sides = this.nulling.get(index);
    if (sides === undefined) return numberOf(this.query, "resultRelation") !== index;
    if (!sides.every((side) => this.#real.has(side))) return true;
    // PostgreSQL 16 names the joins itself: one that this walk has not seen is believed.
    const seen = new Set(sides.map((side) => Number(side.split(":")[0])));
    return nullingJoins.some((join) => !seen.has(join));
  }

  get hasGroupingSets(): boolean {
    return children(this.query, "groupingSets").length > 0;
  }

  recall<T>(question: string, answer: () => T): T {
    if (!this.memo.has(question)) this.memo.set(question, answer());
    return this.memo.get(question) as T;
  }
}

function walkJoins(
  node: TreeNode,
  sides: readonly NullingSide[],
  nulling: Map<number, readonly NullingSide[]>,
  conditions: TreeNode[],
): void {
  const quals = child(node, "quals");
  switch (node.name) {
    case "FROMEXPR":
      if (quals !== null && sides.length === 0) conditions.push(quals);
      for (const item of children(node, "fromlist")) walkJoins(item, sides, nulling, conditions);
      return;
    case "RANGETBLREF":
      nulling.set(numberOf(node, "rtindex"), sides);
      return;
    case "JOINEXPR": {
      const index = numberOf(node, "rtindex");
      const type = numberOf(node, "jointype");
      const isKnown = type >= joins.inner && type <= joins.right;
      if (quals !== null && type === joins.inner && sides.length === 0) conditions.push(quals);
      nulling.set(index, sides);
      const nullsLeft = type === joins.right || type === joins.full || !isKnown;
      const nullsRight = type === joins.left || type === joins.full || !isKnown;
      const [left, right] = [child(node, "larg"), child(node, "rarg")];
      if (left !== null) {
        walkJoins(left, nullsLeft ? [...sides, `${index}:left`] : sides, nulling, conditions);
      }
      if (right !== null) {
        walkJoins(right, nullsRight ? [...sides, `${index}:right`] : sides, nulling, conditions);
      }
      return;
    }
    default:
      // Relations below an unknown node have no entry, and so count as nulled.
  }
}

export interface TreeCatalog {
  relations: Relations;
  /** The query of each view, by the view's OID. */
  views: ReadonlyMap<number, TreeNode>;
  functions: ReadonlyMap<number, FunctionFacts>;
  operators: ReadonlyMap<number, OperatorFacts>;
  types: TypeMap;
  /** Opened once each by `tree_scope.ts`. */
  viewScopes: Map<number, Scope>;
  /** Types whose own cast to json decides what they look like in a report. */
  jsonCasts: ReadonlySet<number>;
}

export interface FunctionFacts {
  /** `lower(text)` with `pg_type.typname`s for one of `pg_catalog`; null for any other. */
  signature: string | null;
  /** Null in, null out. */
  isStrict: boolean;
}

export interface OperatorFacts extends FunctionFacts {
  /**
   * Name and operand types, a prefix operator's left one null; null for an operator outside of `pg_catalog`.
   */
  operands: { name: string; left: string | null; right: string } | null;
}
