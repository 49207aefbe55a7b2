/**
 * The commands with their options and help. Each command's work is in a file of its own, loaded when it is
 * asked for.
 */

import { Argument, Command, CommanderError, Option } from "@commander-js/extra-typings";
import { projectFile } from "../project.ts";
import { version } from "../version.ts";
import { kinds } from "../query/model.ts";
import { paintFor, UsageError, widthOf } from "./console/console.ts";
import { addProjectCommands } from "./extension.ts";
import { commandName } from "./installation.ts";

/**
 * Runs the command that the words name. Resolves to the exit code.
 * @param startedAt_ms when a process before this one began the command, in milliseconds since 1970; null for
 * none
 */
export async function runProgram(
  args: readonly string[],
  startedAt_ms: number | null = null,
): Promise<number> {
  let exitCode = 0;
  const finish = (code: number) => exitCode = code;
  const program = makeProgram(finish, startedAt_ms);
  await addProjectCommands(program as Command, args, { finish, add: addProjectCommand });
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

function makeProgram(finish: (exitCode: number) => void, startedAt_ms: number | null) {
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
  ${commandName} call shop_find_order --q Smith`,
    );

  const command = (name: string, description: string, ...examples: string[]) =>
    addCommand(program, name, description, examples);

  program.command("init")
    .summary("Make a project: its files, first tools over your tables, host and CI configurations")
    .description(initDescription)
    .helpOption("-h, --help", "print this help")
    .argument("[dir]", "the folder of the project (default: this one)")
    .option("--yes", "ask nothing: take the options, and the usual for the rest")
    .option("--database-url <url>", "the database (default: SQLWRIGHT_DATABASE_URL, DATABASE_URL)")
    .option("--embedded", "a PostgreSQL of the project's own, in .sqlwright/")
    .option("--schema <name...>", "schemas whose tables get tools (default: all)")
    .option("--tables <pattern...>", "tables that get tools, such as 'order*' (default: all)")
    .option("--module <name>", "the folder of the tools (default: the schema's name, or the folder's)")
    .option("--write", "also tools that change the tables (default: tools that read)")
    .option("--no-ops", "without the tools over PostgreSQL's own catalogue")
    .addHelpText(
      "after",
      `\nExample:\n  ${commandName} init\n  ${commandName} init shop --yes --embedded\n` +
        `  ${commandName} init --yes --database-url postgresql://… --schema sales --tables 'order*'`,
    )
    .action(async (dir, options) => {
      const { runInit } = await import("./init/init.ts");
      finish(await runInit(dir, options));
    });

  command("start", startDescription, "start --http 127.0.0.1:8321", "start --stdio")
    .option("--stdio", "speak MCP over stdin and stdout")
    .option("--http [host:port]", "serve MCP at /mcp (default: SQLWRIGHT_HTTP, or 127.0.0.1:8321)")
    .option("--skip-broken", "leave broken query files out, and say which, instead of refusing to start")
    .action(async (options) => {
      refuseBoth(options);
      const { runStart } = await import("./server/setup.ts");
      finish(await runStart(options, startedAt_ms));
    });

  command(
    "serve",
    "Run the MCP server alone, over the database of DATABASE_URL. `start` runs it so, in a sandbox; " +
      "see `permissions`.",
    "serve --stdio",
    "serve --http 127.0.0.1:8321",
  )
    .option("--stdio", "speak MCP over stdin and stdout")
    .option("--http [host:port]", "serve MCP at /mcp, here or at SQLWRIGHT_HTTP; this or --stdio is needed")
    .option("--skip-broken", "leave broken query files out, and say which, instead of refusing to start")
    .option("--exit-with-parent", "stop when standard input ends")
    .action(async ({ stdio = false, http, project, sql, skipBroken, exitWithParent = false }) => {
      refuseBoth({ stdio, http });
      if (!stdio && http === undefined) {
        throw new UsageError("serve needs a transport", "Write --stdio or --http HOST:PORT");
      }
      const { serve } = await import("./server/serve.ts");
      finish(await serve({ stdio, http, project, sql, skipBroken, exitWithParent }));
    });

  command(
    "check",
    "Check every query file against the database and show all that is wrong, each with its place.",
    "check",
    "check sql/shop/find_order.sql --json",
    "check --watch",
    "check --lock",
  )
    .argument("[path...]", "files or folders of query files (default: all)")
    .option("--json", "print one JSON object")
    .addOption(
      new Option("--format <format>", "`github` prints annotations for its Actions, `unix` lines for editors")
        .choices(["text", "github", "unix"] as const),
    )
    .option("--static", "check the text alone, without a database")
    .option("--watch", "check again after each save, until Ctrl-C")
    .option("--lock", "write lock.json, which `serve` starts from, and say what it changes for callers")
    .option("--deny <rule...>", "count the warnings of these rules as errors, such as seq-scan")
    .option("--large-table <rows>", "warn of tables read whole from so many rows (default: 10000)", readRows)
    .action(async (paths, options) => {
      const { runCheck } = await import("./files/check.ts");
      finish(await runCheck(paths, options));
    });

  command(
    "grants",
    grantsDescription,
    "grants --role shop_tools > roles.sql",
    "grants --json",
  )
    .option("--role <name>", "the login of the server (default: the project's name and _tools)")
    .option("--json", "print one JSON object")
    .action(async (options) => {
      const { runGrants } = await import("./files/grants.ts");
      finish(await runGrants(options));
    });

  command("types", typesDescription, "types", "types --out src/queries.ts", "types --only shop")
    .option("--out <file>", "write the file instead of printing it")
    .option("--only <names...>", "modules and tools to declare (default: all)")
    .action(async (options) => {
      const { runTypes } = await import("./files/types.ts");
      finish(await runTypes(options));
    });

  command("list", "List the tools by module, with their kinds and parameters.", "list", "list --json")
    .option("--json", "print one JSON object")
    .action(async (options) => {
      const { runList } = await import("./files/check.ts");
      finish(await runList(options));
    });

  command(
    "call",
    callDescription,
    "call shop_find_order --q Smith --max 5",
    `call shop_customer_report '{"id": 42}' --json`,
    "call shop_load_orders --source data/order.csv",
    "call shop_find_order --help",
  )
    .argument("<tool>", "name of the tool, as `list` shows it")
    .argument(
      "[words...]",
      "a JSON object (- is standard input, @FILE a file), or --param value; --help shows the tool's own",
    )
    .option("--source <file>", "the file that a :copy tool loads")
    .option("--json", "print the structured content as JSON")
    .passThroughOptions()
    .action(async (tool, words, options) => {
      const { runCall } = await import("./calls/call.ts");
      finish(await runCall(tool, words, options));
    });

  command(
    "export",
    exportDescription,
    "export shop_order_feed --status open --format csv --out orders.csv",
    `export shop_customer_orders '{"id": 42}' --format parquet --out orders.parquet`,
  )
    .argument("<tool>", "name of a tool that reads, as `list` shows it")
    .argument("[words...]", "a JSON object (or -, or @FILE), or --param value for each parameter")
    .option("--format <format>", "csv, ndjson or parquet (default: csv)")
    .option("--out <file>", "the file to write, or - for standard output (default: -)")
    .passThroughOptions()
    .action(async (tool, words, options) => {
      const { runExportCommand } = await import("./calls/export.ts");
      finish(await runExportCommand(tool, words, options));
    });

  command(
    "new",
    newDescription,
    "new shop/set_order_status --kind exec --table shop.order",
    "new 'shop.order*' --kind many,one",
    "new --all --kind all",
  )
    .argument("[target...]", "module/name of one tool, or patterns of tables: 'schema.pattern*'")
    .option("--kind <kind>", `what the tool answers: ${kinds.join(", ")}; for tables a list, or all`, collect)
    .option("--table <schema.table>", "a table or view of the database, whose columns the file takes")
    .option("--column <name>", "the column that a write sets (default: the one that the name ends in)")
    .option("--all", "tools of every table that the login may use (default: :many and :one)")
    .option("--module <name>", "the module of many tables' tools (default: one for each schema)")
    .option("--json", "print one JSON object")
    .action(async (targets, options) => {
      const { runNew } = await import("./files/new.ts");
      finish(await runNew(targets, options));
    });

  command(
    "explain",
    explainDescription,
    "explain shop_find_order --q Smith",
    "explain shop_load_orders --source data/order.csv --analyze",
    "explain shop_order_feed --json",
  )
    .argument("<tool>", "name of the tool, as `list` shows it")
    .argument("[words...]", "a JSON object (or -, or @FILE), or --param value for each parameter")
    .option("--analyze", "also run a tool that writes; its transaction is rolled back")
    .option("--source <file>", "the file that a :copy tool loads")
    .option("--json", "print one JSON object")
    .passThroughOptions()
    .action(async (tool, words, options) => {
      const { runExplain } = await import("./files/explain.ts");
      finish(await runExplain(tool, words, options));
    });

  command(
    "test",
    testDescription,
    "test",
    "test sql/shop tests/shop --filter orders --junit report.xml",
  )
    .argument("[path...]", "query files, SQL tests or folders of them (default: all)")
    .option("--tests <dir>", "the folder of SQL tests (default: that of the project)")
    .option("--filter <text>", "only tests whose file or name holds the text, or matches /expression/")
    .option("--junit <file>", "also write JUnit XML")
    .option("--json", "print one JSON object")
    .action(async (paths, options) => {
      const { runTest } = await import("./files/run_tests.ts");
      finish(await runTest(paths, options));
    });

  command(
    "psql",
    psqlDescription,
    "psql shop_find_order --q Smith",
    "psql shop_load_orders --source data/order.csv --run",
  )
    .argument("<tool>", "name of the tool, as `list` shows it")
    .argument("[words...]", "a JSON object (or -, or @FILE), or --param value for each parameter")
    .option("--run", "run it, in the database of DATABASE_URL")
    .option("--source <file>", "the file that a :copy tool loads")
    .option("--json", "print one JSON object")
    .passThroughOptions()
    .action(async (tool, words, options) => {
      const { runPsql } = await import("./files/psql.ts");
      finish(await runPsql(tool, words, options));
    });

  const migrate = command(
    "migrate",
    migrateDescription,
    "migrate",
    "migrate --dry-run",
    "migrate --only sql/shop/open_orders.sql",
    "migrate status --json",
  )
    .argument("[status]", "`status` shows every migration and changes nothing")
    .option("--dry-run", "print what would run, and change nothing")
    .option("--only <file...>", "deploy these views and functions, and nothing else")
    .option("--json", "print one JSON object")
    .action(async (status, options) => {
      if (status !== undefined && status !== "status") {
        throw new UsageError(`migrate knows no "${status}"`, "Write `migrate`, or `migrate status`");
      }
      if (status !== undefined && (options.dryRun || options.only !== undefined)) {
        throw new UsageError("migrate status changes nothing", "Leave out --dry-run and --only");
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
    .option("--lines", "print a flag a line, without quotes, for scripts")
    .option("--json", "print one JSON object")
    .action(async (options) => {
      refuseBoth(options);
      const { runPermissions } = await import("./server/setup.ts");
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
      const { runClientConfig } = await import("./server/setup.ts");
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
      const { runDoctor } = await import("./server/doctor.ts");
      finish(await runDoctor(options));
    });

  return program;
}

/** A command with the options and the help that all have. */
function addCommand(parent: Command, name: string, description: string, examples: readonly string[]) {
  return addProjectCommand(parent, name, description, examples)
    .option("--sql <dir>", "query files by themselves, without a project");
}

/** A command that needs a project. */
function addProjectCommand(parent: Command, name: string, description: string, examples: readonly string[]) {
  return parent.command(name)
    .summary(description.split("\n")[0]!)
    .description(description)
    .helpOption("-h, --help", "print this help")
    .option("--project <dir>", `the project's folder (default: the nearest with ${projectFile}, upward)`)
    .addHelpText(
      "after",
      `\nExample:\n${examples.map((example) => `  ${commandName} ${example}`).join("\n")}`,
    );
}

const startDescription = `All in one: database, migrations, bundled sample, and the MCP server in its sandbox.

Without DATABASE_URL an embedded PostgreSQL is brought up, migrated, and filled with the sample when
it is empty. With DATABASE_URL that server is used. It is migrated if it was migrated for this
project before, or if it holds no table yet and the login may create schemas; and filled with the
project's sample when that table is empty then.`;

const migrateDescription = `Bring the database to what migrations, functions and the :view files say.

Migrations run once, in the order of their numbers. Functions and views are replaced when their
text changes. Tables of sqlwright's own, for loads and uploads, are brought up to date as well.
Any number of runs may begin at once: one works, the others wait and say so.`;

const newDescription =
  `Write the query file of a new tool, of any kind, that passes \`check\` as it is; or those of many tables.

With --table the file works on that table: its columns, types, key and comments. What a write does
is in its name: add_… inserts, delete_… deletes, set_status sets the column status. Without a table,
a kind that only reads gets a small query of its own. 'schema.pattern*' and --all make files of all
tables at once. A new module gets its _module.sql. What is there already is never overwritten.`;

const grantsDescription =
  `Print the SQL that makes a login of least privilege: what the tools need, and no more.

Columns that are read, inserted and updated, sequences, functions and schemas are those that the
query files name, as the catalogue of the database knows them. The script can be run again. What
triggers and PL/pgSQL functions touch as the login is not in it: it names them in a comment.`;

const explainDescription = `Show how PostgreSQL runs a call: the plan with times, the SQL, role and settings.

The call goes its own way, under its role and timeout, in a transaction that is rolled back. A
tool that writes is only planned, unless --analyze is given. Without arguments those of the
tool's first @example are taken.`;

const testDescription = `Run every @example and every SQL test, each in a transaction that is rolled back.

SQL tests lie below the project's tests; docs/sql-tests.md has their format: rows, parts of an answer,
errors, denials and plans can be expected.`;

const psqlDescription = `Print the psql command that runs a tool's file, as it stands, with the given values.

Values are quoted for SQL as the file uses them, and for the shell. The password of DATABASE_URL
is never part of the line. Without arguments those of the tool's first @example are taken.`;

const exportDescription =
  `Write all rows of a read tool, without its ceilings, to a file or to standard output.

csv is as psql's \\copy writes it, ndjson has the tool's own JSON, parquet has types. A file is there
when it is whole. Parameters that are called format, out, sql or help are given in the JSON object.`;

const typesDescription =
  `Write TypeScript declarations of every tool's arguments and answer, for the client in src/client.

They come from lock.json where it is that of the files, and then need no database.`;

const initDescription = `Make a project: in an empty folder, or in a repository that is there.

Tries the connection, reads the catalogue, and writes sqlwright.json, first query files of the tables that
you choose, a test, roles.sql, the configurations of agents' hosts, a CI workflow, AGENTS.md. Nothing that is
there is overwritten; run again it adds what is missing. Without --yes it asks on a terminal.`;

const callDescription = `Call one tool, as a client would, and draw its answer.

Values of --param are read as the tool's input schema says: numbers, true and false, lists with
commas or as JSON. Parameters that are called json, sql, source or help are given in the JSON
object.`;

function refuseBoth(
  { stdio, http }: { stdio?: boolean | undefined; http?: string | true | undefined },
): void {
  if (stdio && http !== undefined) throw new UsageError("--stdio and --http exclude each other");
}

/** Of an option that may be given more than once. */
function collect(text: string, earlier: string[] | undefined): string[] {
  return [...earlier ?? [], text];
}

function readRows(text: string): number {
  const rows = Number(text);
  if (/^\d+$/.test(text) && rows > 0) return rows;
  throw new UsageError(`"${text}" is no number of rows`, "Write a whole number above 0");
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
