/** `psql`: prints the psql command that runs a tool's file with its values, or runs it. */

import { queryFoldersOf } from "../../config.ts";
import { placeOfFile } from "../../project.ts";
import { SqlwrightError } from "../../errors.ts";
import type { PasswordSource } from "../../postgres/target/model.ts";
import { Secrets } from "../../postgres/target/secrets.ts";
import { readTarget } from "../../postgres/target/target.ts";
import { type PgType, withoutDomains } from "../../postgres/types/types.ts";
import { loadKinds, readKinds } from "../../query/model.ts";
import { paintFor, print, printJson, shownPlace, tell, UsageError } from "../console/console.ts";
import { type PsqlLine, psqlLine, shellLine, shellWord } from "./psql_line.ts";
import { type NamedTool, takeSwitch, type ToolOptions, withNamedTool } from "../calls/tool_words.ts";

export interface PsqlCommandOptions extends ToolOptions {
  run?: boolean | undefined;
}

/** @returns 1 when psql fails */
export async function runPsql(
  name: string,
  words: readonly string[],
  options: PsqlCommandOptions,
): Promise<number> {
  const { isSet, rest } = takeSwitch(words, "--run");
  const isRun = isSet || (options.run ?? false);
  return await withNamedTool(name, rest, options, async (named) => {
    const { tool, args, example, isJson, config, database, pools } = named;
    if (isRun && isJson) {
      throw new UsageError("--run and --json exclude each other");
    }
    const { parsed } = tool.query;
    const file = shownPlace(placeOfFile(queryFoldersOf(config), parsed.path));
    const rows = loadKinds.has(tool.kind) ? await rowsOf(named) : null;
    const { values } = tool.binding.bind(args);
    const target = readTarget(database.url);
    const integers = new Set(
      tool.query.parameters.filter(({ type }) => isInteger(type)).map((
        { name },
      ) => name),
    );
    const line = psqlLine({ ...parsed, integers }, values, {
      file,
      target,
      isLoad: rows !== null,
      isPooled: pools.writer.isPooled,
    });
    const written = shellLine(line) +
      (rows === null ? "" : ` < ${shellWord(rows)}`);
    const notes = notesOf(named, target.password.kind, isRun);
    if (isJson) {
      printJson({
        tool: tool.name,
        line: written,
        program: "psql",
        args: line.args,
        environment: line.environment,
        arguments: args,
        example,
        notes,
      });
      return 0;
    }
    const paint = paintFor("stderr");
    if (example !== null) {
      tell(paint("dim", `arguments of @example ${example}`));
    }
    for (const note of notes) tell(paint("dim", note));
    if (!isRun) {
      print(written);
      return 0;
    }
    const { kind } = target.password;
    // The password file is psql's own to read.
    const password = kind === "passfile" ? null : await new Secrets().find(target, target.places[0]!);
    return await run(line, rows, password?.value);
  });
}

function isInteger(type: PgType): boolean {
  const plain = withoutDomains(type);
  return plain.kind === "base" && ["int2", "int4", "int8"].includes(plain.base);
}

function notesOf(
  { tool, args, database }: NamedTool,
  password: PasswordSource["kind"],
  isRun: boolean,
): string[] {
  const notes: string[] = [];
  if (tool.query.parsed.view !== null) {
    notes.push(
      "The file of a :view creates or replaces the view; filters are the tool's own",
    );
  } else if (tool.page !== null) {
    notes.push("psql answers all rows: pages are the tool's own");
  }
  if (tool.page !== null && ("cursor" in args || "page_size" in args)) {
    notes.push("cursor and page_size mean nothing to psql");
  }
  if (!readKinds.has(tool.kind)) {
    notes.push("What the file writes is committed");
  }
  if (isRun) return notes;
  if (password !== "none" && password !== "passfile") {
    notes.push("The login has a password: set PGPASSWORD, or use ~/.pgpass; --run takes it along");
  }
  if (database.isEmbedded) {
    notes.push("The embedded database answers while `start` runs");
  }
  return notes;
}

/** The file whose rows psql reads from its standard input. */
async function rowsOf({ args: { source } }: NamedTool): Promise<string> {
  if (typeof source !== "string") {
    throw new UsageError(
      "psql loads the rows of a file",
      "Name it with --source FILE",
    );
  }
  try {
    if ((await Deno.stat(source)).isFile) return source;
  } catch (error) {
    throw new UsageError(
      `cannot read "${source}": ${(error as Error).message}`,
    );
  }
  throw new UsageError(`"${source}" is no file`);
}

async function run(
  { args, environment }: PsqlLine,
  rows: string | null,
  password: string | undefined,
): Promise<number> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command("psql", {
      args,
      env: {
        ...environment,
        ...(password === undefined ? {} : { PGPASSWORD: password }),
      },
      stdin: rows === null ? "inherit" : "piped",
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new SqlwrightError(
      "config.unsupported",
      "Cannot run psql: there is no such program on this machine",
      {
        hint: "Install PostgreSQL's client programs; without --run the command is printed",
        cause: error,
      },
    );
  }
  if (rows !== null) {
    const input = await Deno.open(rows);
    // psql that ends early has said why.
    await input.readable.pipeTo(child.stdin).catch(() => {});
  }
  const { code } = await child.status;
  return code === 0 ? 0 : 1;
}
