import { isStalePlan } from "../postgres/database_error.ts";
import type { StatementOptions, StatementResult } from "../postgres/pool.ts";
import { readKinds } from "../query/model.ts";
import { mainStatement } from "../query/statements.ts";
import type { ToolCall } from "../tool/kind.ts";
import { beginIfNeeded, boundOf } from "../tool/transaction.ts";

/** The file's own statement, with the values of the call. */
export function runMain(call: ToolCall, onRow: StatementOptions["onRow"]): Promise<StatementResult> {
  const { text, parameterNames } = mainStatement(call.tool.query.parsed);
  return runStatement(call, text, parameterNames.map((name) => call.bound.values[name] ?? null), onRow);
}

export function runStatement(
  call: ToolCall,
  text: string,
  parameters: (string | null)[],
  onRow: StatementOptions["onRow"],
): Promise<StatementResult> {
  const { tool, context: { signal }, services } = call;
  const pool = readKinds.has(tool.kind) ? services.reader : services.writer;
  const begin = beginIfNeeded(call);
  const options: StatementOptions = {
    onColumns: tool.columns.hold,
    signal,
    bound_ms: boundOf(call),
    ...(onRow === undefined ? {} : { onRow }),
  };
  return pool.withConnection(signal, async (connection) => {
    const statement = () => connection.execute(text, parameters, options);
    const run = () => begin === null ? statement() : connection.pipelined(begin, statement);
    try {
      return await run();
    } catch (error) {
      // Nothing of it has run. Prepared anew, its columns are held to those of the tool.
      if (!isStalePlan(error)) throw error;
      return await run();
    }
  });
}
