/** An application that watches a folder of the test, what happens to it, and callers that never rest. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { type Application, withApplication } from "../../src/app.ts";
import { createLog } from "../../src/log.ts";
import type { Diagnostic } from "../../src/query/diagnostic.ts";
import type { CatalogStatus } from "../../src/reload/status.ts";
import { callContext, testConfig, type TestDatabase, withDatabase, withFiles } from "../harness.ts";

/** A tool that answers its text. */
export const answering = (name: string, text: string, title = name) =>
  `-- name: ${name} :value
-- title: ${title}
-- Answers a text.

select '${text}'::text as answer;
`;

export const broken = (name: string) => answering(name, "broken").replace("select", "selekt");

export interface Reloading {
  application: Application;
  directory: string;
  save: (path: string, text: string) => Promise<void>;
  remove: (path: string) => Promise<void>;
  call: (tool: string) => Promise<unknown>;
  /** Number of swaps told so far. */
  swaps: () => number;
  lines: Record<string, unknown>[];
  drawn: Diagnostic[];
}

/** An application that watches a folder with these files, over an empty database. */
export async function withReloading(
  files: Record<string, string>,
  use: (reloading: Reloading, database: TestDatabase) => Promise<void>,
  { isWatching = true }: { isWatching?: boolean } = {},
): Promise<void> {
  await withDatabase(async (database) => {
    await withFiles(files, async (directory) => {
      const lines: Record<string, unknown>[] = [];
      const drawn: Diagnostic[] = [];
      const log = createLog({ level: "debug", write: (line) => lines.push(JSON.parse(line)) });
      const config = testConfig({ DATABASE_URL: database.serverUrl, SQLWRIGHT_SQL_DIR: directory });
      const options = {
        log,
        isWatching,
        drawErrors: (errors: readonly Diagnostic[]) => drawn.push(...errors),
      };
      await withApplication(config, options, async (application) => {
        let swaps = 0;
        application.onCatalogChanged(() => swaps++);
        await use({
          application,
          directory,
          save: (path, text) => Deno.writeTextFile(join(directory, path), text),
          remove: (path) => Deno.remove(join(directory, path), { recursive: true }),
          call: async (tool) => {
            const result = await application.callTool(tool, {}, callContext());
            assert.equal(result.isError, false, result.text);
            return result.structured.value;
          },
          swaps: () => swaps,
          lines,
          drawn,
        }, database);
      });
    });
  }, { isEmpty: true });
}

export const fileOf = ({ files }: CatalogStatus, path: string) => files.find((file) => file.path === path);

/** Callers that ask without pause until they are stopped; one failed call fails the stop. */
export function callWithoutPause(
  call: (tool: string) => Promise<unknown>,
  tools: readonly string[],
  callers: number,
) {
  const answers: unknown[] = [];
  let isStopped = false;
  const running = Array.from({ length: callers }, async (_, caller) => {
    for (let turn = caller; !isStopped; turn++) answers.push(await call(tools[turn % tools.length]!));
  });
  const finished = Promise.all(running);
  finished.catch(() => {});
  return {
    answers,
    stop: async () => {
      isStopped = true;
      await finished;
    },
  };
}
