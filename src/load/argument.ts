/**
 * The argument `options` of a `:copy` tool: its schema, the same for all, and what only the file's columns
 * can tell.
 */

import type { LoadOptions } from "./format/options.ts";
import type { JsonSchema } from "../tool/model.ts";
import { closedObject } from "../tool/schema.ts";
import { compileValidator, type Fault } from "../tool/validate.ts";

export const defaultMaximumRejects = 1000;

/** Short, because every `:copy` tool carries it. */
export function optionsSchema(): JsonSchema {
  const text = (rest: JsonSchema = {}): JsonSchema => ({ type: "string", ...rest });
  return {
    description:
      "How source is read and what happens to bad rows; by default as its name and the file's COPY say",
    ...closedObject({
      format: text({ enum: ["auto", "csv", "tsv", "ndjson", "json"] }),
      compression: text({ enum: ["auto", "none", "gzip", "zip"] }),
      member: text({ description: "File in a zip", minLength: 1, maxLength: 1024 }),
      encoding: text({ description: "Such as latin1; default utf-8", minLength: 1, maxLength: 40 }),
      delimiter: text({ minLength: 1, maxLength: 1 }),
      quote: text({ description: "Empty: nothing is quoted", maxLength: 1 }),
      null: text({ description: "Text that stands for NULL", maxLength: 40 }),
      header: { description: "The first line names the columns", type: "boolean" },
      columns: {
        description: "Name in source: column; null skips it",
        type: "object",
        additionalProperties: { type: ["string", "null"] },
      },
      mode: text({
        description: "collect: bad rows are rejected, the others load",
        enum: ["all_or_nothing", "collect"],
      }),
      max_rejects: { type: "integer", minimum: 0, maximum: 10_000, default: defaultMaximumRejects },
      idempotency_key: text({ description: "A load with a key is done once", minLength: 1, maxLength: 200 }),
    }, []),
  };
}

const mostRenamed = 2000;
const validateTarget = compileValidator({ type: ["string", "null"] });

/** What the schema leaves open. `names` are the columns of the COPY. */
export function optionFaults(options: LoadOptions, names: readonly string[], isSource: boolean): Fault[] {
  const faults: Fault[] = [];
  const report = (path: string, problem: string, found: string | null = null, near: string | null = null) =>
    faults.push({ path: `options.${path}`, problem, found, isUnknown: false, near });
  if (!isSource) {
    const always = ["mode", "max_rejects", "idempotency_key"];
    for (const name of Object.keys(options)) {
      if (!always.includes(name)) report(name, 'says how "source" is read, and there is none');
    }
    return faults;
  }
  const renamed = Object.entries(options.columns ?? {});
  if (renamed.length > mostRenamed) report("columns", `must have at most ${mostRenamed} members`);
  const seen = new Set<string>();
  for (const [from, to] of renamed.slice(0, mostRenamed)) {
    validateTarget(to, `options.columns.${from}`, faults);
    if (typeof to !== "string") continue;
    if (!names.includes(to)) {
      report(`columns.${from}`, `must be one of ${names.join(", ")}`, JSON.stringify(to));
    } else if (seen.has(to)) {
      report(`columns.${from}`, "names a column that another member names", JSON.stringify(to));
    }
    seen.add(to);
  }
  return faults;
}
