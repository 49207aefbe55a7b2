/**
 * Every tag of the grammar: the kinds it is for, whether it may be repeated or be a module's default, and how
 * its value is read. A reader puts what it read into the header and reports every wrong value at its first
 * wrong character.
 *
 * The readers are in `tag_inputs.ts` (inputs, columns, examples) and `tag_values.ts` (all others).
 */
import type { Kind } from "../model.ts";
import { readColumn, readComplete, readExample, readFilter, readParam } from "./tag_inputs.ts";
import {
  ceiling,
  readAllow,
  readCache,
  readChart,
  readConfirm,
  readDeprecated,
  readHint,
  readOrder,
  readPage,
  readResource,
  readRole,
  readScope,
  readTimeout,
  readUntrusted,
} from "./tag_values.ts";
import { type TagRule } from "./tag_context.ts";

/**
 * Tags that are understood and checked but have no effect yet: a file that uses one is refused, never half
 * obeyed. Whoever builds an effect removes its tag here. `param from` is the server-filled form of `@param`.
 */
export const unbuiltTags: ReadonlySet<string> = new Set([
  "untrusted",
  "tokens",
  "cache",
  "confirm",
  "complete",
  "resource",
  "chart",
  "param from",
]);

const reads: readonly Kind[] = ["many", "one", "value", "report", "view"];
const writes: readonly Kind[] = ["exec", "unnest", "copy"];
const withRows: readonly Kind[] = ["many", "view", "exec", "unnest"];
const withParams: readonly Kind[] = ["many", "one", "value", "report", "exec", "unnest", "copy"];
const answers: readonly Kind[] = [...reads, "exec", "unnest"];

/** In the order of the grammar. */
export const tagRules: ReadonlyMap<string, TagRule> = new Map<string, TagRule>([
  [
    "param",
    rule(withParams, '@param name["?"] [= default]   text   [{flow}]', readParam, { isRepeatable: true }),
  ],
  ["column", rule(null, '@column name["?" | "!"]   text   [{flow}]', readColumn, { isRepeatable: true })],
  ["untrusted", rule(answers, "@untrusted column …", readUntrusted, { isRepeatable: true })],
  ["page", rule(["many"], '@page column ["desc"] {, column ["desc"]}', readPage)],
  [
    "filter",
    rule(["view"], "@filter column [= | >= | <= | ~ | in]   text", readFilter, { isRepeatable: true }),
  ],
  ["order", rule(["view"], '@order column ["desc"] {, column ["desc"]}', readOrder)],
  ["rows", rule(withRows, "@rows n", ceiling("rows"), { isModuleDefault: true })],
  ["bytes", rule(null, "@bytes n", ceiling("bytes"), { isModuleDefault: true })],
  ["tokens", rule(null, "@tokens n", ceiling("tokens"), { isModuleDefault: true })],
  ["timeout", rule(null, "@timeout 2s", readTimeout, { isModuleDefault: true })],
  ["max-cost", rule(answers, "@max-cost n", ceiling("maxCost"), { isModuleDefault: true })],
  [
    "max-affected",
    rule(["exec", "unnest"], "@max-affected n", ceiling("maxAffected"), { isModuleDefault: true }),
  ],
  ["cache", rule(reads, "@cache 10m [by claim.path …]", readCache, { isModuleDefault: true })],
  ["role", rule(null, "@role db_role", readRole, { isModuleDefault: true })],
  ["scope", rule(null, "@scope scope …", readScope, { isRepeatable: true, isModuleDefault: true })],
  [
    "hint",
    rule(null, "@hint idempotent | destructive | additive | open-world", readHint, { isRepeatable: true }),
  ],
  ["confirm", rule(writes, "@confirm when affected > n | always", readConfirm)],
  [
    "complete",
    rule(null, "@complete param  from schema.table.column | select … :value …", readComplete, {
      isRepeatable: true,
    }),
  ],
  ["resource", rule(["many", "one", "value", "report"], "@resource scheme://path/{param}", readResource)],
  ["chart", rule(["many", "view"], "@chart line | bar | area  x=col  y=col[,col]  [series=col]", readChart)],
  ["example", rule(null, "@example name  {arguments}  => expectation", readExample, { isRepeatable: true })],
  ["deprecated", rule(null, "@deprecated [use other_tool]", readDeprecated)],
  ["allow", rule(null, "@allow rule …  reason", readAllow, { isRepeatable: true })],
]);

function rule(
  kinds: readonly Kind[] | null,
  form: string,
  read: TagRule["read"],
  { isRepeatable = false, isModuleDefault = false }: { isRepeatable?: boolean; isModuleDefault?: boolean } =
    {},
): TagRule {
  return { kinds, form, read, isRepeatable, isModuleDefault };
}
