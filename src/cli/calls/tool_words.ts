/**
 * What `explain` and `psql` share with `call`: a tool, and the arguments of its call or of its first
 * `@example`.
 */

import { checkFiles, type Pools, refuseBrokenTool } from "../../app.ts";
import type { Config } from "../../config.ts";
import type { Catalog, Tool } from "../../tool/model.ts";
import { describeTool, findTool, withCursorSecret } from "./call.ts";
import { type CallSwitches, readArguments, splitWords, withJson } from "./call_arguments.ts";
import { print } from "../console/console.ts";
import { type Database, withDatabase, withPools } from "../database.ts";
import { type ProjectOptions, readSettings } from "../environment.ts";

export interface ToolOptions extends ProjectOptions {
  source?: string | undefined;
  json?: boolean | undefined;
}

export interface NamedTool {
  tool: Tool;
  args: Record<string, unknown>;
  /** The example whose arguments these are; null when they were given. */
  example: string | null;
  isJson: boolean;
  config: Config;
  database: Database;
  catalog: Catalog;
  pools: Pools;
}

/** Other files may be broken: only the tool's own must be right. Shows the tool's parameters for `--help`. */
export async function withNamedTool(
  name: string,
  words: readonly string[],
  options: ToolOptions,
  use: (named: NamedTool) => Promise<number>,
): Promise<number> {
  const switches: CallSwitches = { ...options, json: options.json ?? false, help: false };
  const split = await withJson(splitWords(words, switches));
  const settings = withCursorSecret(readSettings(switches));
  return await withDatabase(
    settings,
    (database) =>
      withPools(database.config, async (pools) => {
        const { config } = database;
        const checked = await checkFiles(config, pools.writer);
        const { catalog } = checked;
        refuseBrokenTool(checked, name);
        const tool = findTool(catalog, name);
        if (switches.help) {
          print(describeTool(tool));
          return 0;
        }
        const isBare = split.json === null && split.pairs.length === 0 && switches.source === undefined;
        const [example] = tool.query.parsed.header.examples.filter(({ expect }) => expect.kind !== "error");
        const taken = isBare && example !== undefined ? example : null;
        return await use({
          tool,
          args: taken === null ? readArguments(tool, split, switches) : taken.arguments,
          example: taken?.name ?? null,
          isJson: switches.json,
          config,
          database,
          catalog,
          pools,
        });
      }),
  );
}

/** Takes a switch out of the words behind the tool's name, where commander leaves it. */
export function takeSwitch(words: readonly string[], name: string): { isSet: boolean; rest: string[] } {
  return { isSet: words.includes(name), rest: words.filter((word) => word !== name) };
}
