/** The commands with their options and help. Each command's work is in a file of its own, loaded when it is asked for. */

import { Argument, Command, CommanderError } from "@commander-js/extra-typings";
import { version } from "../app.ts";
import { paintFor, UsageError, widthOf } from "./console.ts";

/** Runs the command that the words name. Resolves to the exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = makeProgram((code) => exitCode = code);
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    if (error.code === "commander.help") return 2;
    throw toUsageError(error);
  }
}

const clientNames = ["claude-desktop", "claude-code", "cursor", "vscode"] as const;

function makeProgram(finish: (exitCode: number) => void) {
  const paint = paintFor("stdout");
  const program = new Command("sqlwright")
    .description("Hand-written SQL files as typed, guarded MCP tools over PostgreSQL.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      getOutHasColors: () => Deno.stdout.isTerminal() && !Deno.noColor,
      getErrHasColors: () => Deno.stderr.isTerminal() && !Deno.noColor,
      getOutHelpWidth: () => Math.min(widthOf("stdout"), 100),
      getErrHelpWidth: () => Math.min(widthOf("stderr"), 100),
      // Errors are drawn with all others, in one form.
      outputError: () => {},
    })
    .configureHelp({ styleTitle: (title) => paint("bold", title) })
    .addHelpText(
      "after",
      `
Without DATABASE_URL, in the environment or in .env, commands use the embedded PostgreSQL.

Exit codes: 0 done · 1 failed, and the error says why · 2 wrong usage · 130 stopped with Ctrl-C

Example:
  deno task sqlwright call edgar_find_company --q AAPL`,
    );

  const command = (name: string, description: string, ...examples: string[]) =>
    program.command(name)
      .summary(description.split("\n")[0]!)
      .description(description)
      .helpOption("-h, --help", "print this help")
      .option("--sql <dir>", "the folder of query files (default: SQLWRIGHT_SQL_DIR, or sql)")
      .addHelpText(
        "after",
        `\nExample:\n${examples.map((example) => `  deno task sqlwright ${example}`).join("\n")}`,
      );

  command("start", startDescription, "start --http 127.0.0.1:8321", "start --stdio")
    .option("--stdio", "speak MCP over stdin and stdout")
    .option("--http [host:port]", "serve MCP at /mcp (default: SQLWRIGHT_HTTP, or 127.0.0.1:8321)")
    .action(async (options) => {
      refuseBoth(options);
      const { runStart } = await import("./setup.ts");
      finish(await runStart(options));
    });

  command(
    "serve",
    "Run the MCP server alone, over the database of DATABASE_URL. `start` runs it so, in a sandbox; see `permissions`.",
    "serve --stdio",
    "serve --http 127.0.0.1:8321",
  )
    .option("--stdio", "speak MCP over stdin and stdout")
    .option("--http [host:port]", "serve MCP at /mcp (default: SQLWRIGHT_HTTP, or 127.0.0.1:8321)")
    .option("--exit-with-parent", "stop when standard input ends")
    .action(async ({ stdio = false, http, sql, exitWithParent = false }) => {
      refuseBoth({ stdio, http });
      if (!stdio && http === undefined) {
        throw new UsageError("serve needs a transport", "Write --stdio or --http HOST:PORT");
      }
      const { serve } = await import("./serve.ts");
      finish(await serve({ stdio, http, sql, exitWithParent }));
    });

  command(
    "check",
    "Check every query file against the database and show all that is wrong, each with its place.",
    "check",
    "check sql/edgar/find_company.sql --json",
  )
    .argument("[path...]", "files or folders of query files (default: all)")
    .option("--json", "print one JSON object")
    .option("--static", "check the text alone, without a database")
    .action(async (paths, options) => {
      const { runCheck } = await import("./check.ts");
      finish(await runCheck(paths, options));
    });

  command("list", "List the tools by module, with their kinds and parameters.", "list", "list --json")
    .option("--json", "print one JSON object")
    .action(async (options) => {
      const { runList } = await import("./check.ts");
      finish(await runList(options));
    });

  command(
    "call",
    callDescription,
    "call edgar_find_company --q AAPL --max 5",
    `call edgar_company_report '{"cik": 320193}' --json`,
    "call edgar_load_facts --source data/edgar/fact.csv",
    "call edgar_find_company --help",
  )
    .argument("<tool>", "name of the tool, as `list` shows it")
    .argument("[words...]", "a JSON object, or --param value for each parameter; --help shows the tool's own")
    .option("--source <file>", "the file that a :copy tool loads")
    .option("--json", "print the structured content as JSON")
    .passThroughOptions()
    .action(async (tool, words, options) => {
      const { runCall } = await import("./call.ts");
      finish(await runCall(tool, words, options));
    });

  const migrate = command(
    "migrate",
    "Bring the database to what migrations/ and the :view files say.",
    "migrate",
    "migrate status --json",
  )
    .argument("[status]", "`status` shows every migration and changes nothing")
    .option("--json", "print one JSON object")
    .action(async (status, options) => {
      if (status !== undefined && status !== "status") {
        throw new UsageError(`migrate knows no "${status}"`, "Write `migrate`, or `migrate status`");
      }
      const { runMigrate, runMigrateStatus } = await import("./migrate.ts");
      finish(await (status === undefined ? runMigrate(options) : runMigrateStatus(options)));
    });
  migrate.usage("[options] [status]");

  command(
    "permissions",
    "Print the exact Deno flags that `start` gives the server: all it may do.",
    "permissions --stdio",
    "permissions --http 127.0.0.1:8321",
  )
    .option("--stdio", "of the server that speaks over stdin and stdout")
    .option("--http [host:port]", "of the server that listens (default)")
    .option("--json", "print one JSON object")
    .action(async (options) => {
      refuseBoth(options);
      const { runPermissions } = await import("./setup.ts");
      finish(await runPermissions(options));
    });

  command(
    "client-config",
    "Print what an MCP client needs to start this server (stdio), or to reach a running one (--http).",
    "client-config claude-code",
    "client-config vscode --http",
  )
    .addArgument(new Argument("<client>", "the MCP client").choices(clientNames))
    .option("--http [host:port]", "reach a running server (default: SQLWRIGHT_HTTP, or 127.0.0.1:8321)")
    .action(async (client, options) => {
      const { runClientConfig } = await import("./setup.ts");
      finish(runClientConfig(client, options));
    });

  command(
    "doctor",
    "Look at everything that a start needs, the sandbox included, and say what is wrong.",
    "doctor",
    "doctor --json",
  )
    .option("--json", "print one JSON object")
    .action(async (options) => {
      const { runDoctor } = await import("./doctor.ts");
      finish(await runDoctor(options));
    });

  return program;
}

const startDescription = `All in one: database, migrations, bundled sample, and the MCP server in its sandbox.

Without DATABASE_URL an embedded PostgreSQL is brought up, migrated, and filled with the sample when it is empty.
With DATABASE_URL that server is used. It is migrated, and filled when edgar.company is empty, if it was migrated
before; or if it has no schema "edgar", the query files have a module of that name, and the login may create schemas.`;

const callDescription = `Call one tool, as a client would, and draw its answer.

Values of --param are read as the tool's input schema says: numbers, true and false, lists with commas or as JSON.
Parameters that are called json, sql, source or help are given in the JSON object.`;

function refuseBoth(
  { stdio, http }: { stdio?: boolean | undefined; http?: string | true | undefined },
): void {
  if (stdio && http !== undefined) throw new UsageError("--stdio and --http exclude each other");
}

/** Commander's own words, in this project's form: the second line is its advice. */
function toUsageError({ message }: CommanderError): UsageError {
  const [first = "", second] = message.replace(/^error: /, "").split("\n");
  const advice = second?.replace(/^\((.*)\)$/, "$1");
  return new UsageError(
    first.replaceAll("'", '"'),
    advice
      ? advice.replace(/^Did you mean ([^ ,]+)\?$/, 'Did you mean "$1"?')
      : "`sqlwright --help` lists the commands and their options",
  );
}
