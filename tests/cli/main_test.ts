import assert from "node:assert/strict";
import { formatError, systemFailure } from "../../src/cli/console/console.ts";
import { brokenDirectory, projectDirectory, run, shopDirectory } from "./command.ts";

const commands = [
  "start",
  "serve",
  "check",
  "list",
  "call",
  "new",
  "explain",
  "test",
  "psql",
  "migrate",
  "permissions",
  "client-config",
  "doctor",
];

Deno.test("--help names every command, the exit codes and an example", async () => {
  const { code, stdout, stderr } = await run(["--help"]);
  assert.equal(code, 0);
  assert.equal(stderr, "");
  for (const command of commands) assert.match(stdout, new RegExp(`^  ${command} `, "m"));
  assert.match(stdout, /Exit codes: 0 done · 1 failed/);
  assert.match(stdout, /Example:\n {2}deno task sqlwright call/);
});

Deno.test("every command has help with --sql and an example", async () => {
  const helps = await Promise.all(commands.map((command) => run([command, "--help"])));
  for (const [index, { code, stdout }] of helps.entries()) {
    assert.equal(code, 0, commands[index]!);
    assert.match(stdout, /--sql <dir>/);
    assert.match(stdout, new RegExp(`Example:\n {2}deno task sqlwright ${commands[index]}`));
  }
});

Deno.test("--version prints the version alone", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(`${projectDirectory}package.json`));
  assert.deepEqual(await run(["--version"]), { code: 0, stdout: `${version}\n`, stderr: "" });
});

Deno.test("wrong usage is told with what was meant, and ends with 2", async () => {
  const cases: [string[], RegExp][] = [
    [["chek"], /^error\[usage\] unknown command "chek"\n {2}help: Did you mean "check"\?\n$/],
    [["check", "--jsn"], /^error\[usage\] unknown option "--jsn"\n {2}help: Did you mean "--json"\?\n$/],
    [["check", "--sql"], /option "--sql <dir>" argument missing/],
    [["call"], /missing required argument "tool"/],
    [["explain"], /missing required argument "tool"/],
    [["psql"], /missing required argument "tool"/],
    [["test", "--junt", "x"], /Did you mean "--junit"\?/],
    [["new", "a/b", "--kind", "mani"], /Allowed choices are many, one/],
    [["migrate", "stats"], /migrate knows no "stats"/],
    [["client-config", "emacs"], /Allowed choices are claude-desktop, claude-code, cursor, vscode/],
    [["serve"], /serve needs a transport\n {2}help: Write --stdio or --http HOST:PORT/],
    [["serve", "--stdio", "--http"], /--stdio and --http exclude each other/],
    [["serve", "--stdoi"], /Did you mean "--stdio"\?/],
  ];
  const results = await Promise.all(cases.map(([args]) => run(args)));
  for (const [index, { code, stdout, stderr }] of results.entries()) {
    assert.equal(code, 2, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, cases[index]![1]);
  }
});

Deno.test("without a command the help is shown, and the exit code is 2", async () => {
  const { code, stdout, stderr } = await run([]);
  assert.equal(code, 2);
  assert.match(stdout + stderr, /Usage: sqlwright/);
});

Deno.test("a wrong setting is one error with every fault, and no stack", async () => {
  const { code, stdout, stderr } = await run(["list"], {
    env: { SQLWRIGHT_ROWS: "many", SQLWRIGHT_TIMEOUT: "soon" },
  });
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(
    stderr,
    /^error\[config\.invalid\] .*SQLWRIGHT_TIMEOUT: .*found "soon".*SQLWRIGHT_ROWS: .*found "many"/m,
  );
  assert.doesNotMatch(stderr, /\n {4}at /);
});

Deno.test("an unknown setting is refused with the one that was meant", async () => {
  const { code, stderr } = await run(["list"], { env: { SQLWRIGHT_ROW: "5" } });
  assert.equal(code, 1);
  assert.match(stderr, /^error\[config\.unknown\] .*SQLWRIGHT_ROW \(did you mean SQLWRIGHT_ROWS\?\)/);
});

Deno.test("an unreachable database is one line and a hint; a stack only at log level debug", async () => {
  const [plain, debug] = await Promise.all([
    run(["list"]),
    run(["list"], { env: { SQLWRIGHT_LOG_LEVEL: "debug" } }),
  ]);
  assert.equal(plain.code, 1);
  assert.match(
    plain.stderr,
    /^error\[database\.unreachable\] Cannot reach PostgreSQL at 127\.0\.0\.1:1\/nothing: nothing listens there\n {2}help: .*\n$/,
  );
  assert.match(debug.stderr, /SqlwrightError: Cannot reach PostgreSQL[\s\S]*\n {4}at /);
});

Deno.test("--json tells an error as JSON on standard output", async () => {
  const { code, stdout, stderr } = await run(["list", "--json"]);
  assert.equal(code, 1);
  assert.equal(stderr, "");
  const { error } = JSON.parse(stdout);
  assert.equal(error.code, "database.unreachable");
  assert.equal(typeof error.hint, "string");
});

Deno.test("no password of DATABASE_URL is shown, whatever goes wrong", async () => {
  const databaseUrl = "postgresql://me:hunter2@127.0.0.1:1/nothing";
  const results = await Promise.all(
    [["list"], ["doctor"], ["migrate"], ["permissions"], ["check"], ["serve", "--stdio"]].map((args) =>
      run(args, { databaseUrl })
    ),
  );
  for (const { stdout, stderr } of results) assert.doesNotMatch(stdout + stderr, /hunter2/);
});

Deno.test("output that is no terminal has no colours and no cut lines", async () => {
  const { stdout } = await run(["check", "--static"], { sql: brokenDirectory, env: { NO_COLOR: "" } });
  assert.match(stdout, /error\[unknown-tag\]/);
  assert.ok(!stdout.includes("\x1b"));
});

Deno.test("permissions prints the server's flags on one line", async () => {
  const databaseUrl = "postgresql://me:secret@db.example:5433/app";
  const [stdio, http, json, lines] = await Promise.all([
    run(["permissions", "--stdio"], { databaseUrl, sql: "sql" }),
    run(["permissions", "--http", "127.0.0.1:8399"], { databaseUrl, sql: "sql" }),
    run(["permissions", "--stdio", "--json"], { databaseUrl, sql: "sql" }),
    run(["permissions", "--stdio", "--lines"], { databaseUrl, sql: "sql" }),
  ]);
  // `deno run $(sqlwright permissions) …` takes them: a shell splits what it is given so and removes no quotes.
  const flags = stdio.stdout.trim().split(" ");
  assert.equal(stdio.code, 0);
  assert.equal(lines.stdout, `${flags.join("\n")}\n`);
  assert.equal(stdio.stderr, "");
  assert.deepEqual(flags.slice(0, 3), ["--no-prompt", "--cached-only", "--frozen"]);
  assert.ok(flags[3]!.startsWith(`--allow-read=${projectDirectory}sql,${projectDirectory}data,`), flags[3]);
  assert.equal(flags[4], "--allow-net=db.example:5433");
  assert.match(flags[5]!, /^--allow-env=DATABASE_URL,/);
  assert.equal(flags[6], "--v8-flags=--max-semi-space-size=8");
  assert.equal(flags.length, 7);
  assert.match(http.stdout, /--allow-net=db\.example:5433,127\.0\.0\.1:8399 /);
  assert.deepEqual(JSON.parse(json.stdout), { flags });
});

Deno.test("client-config takes the address that start prints", async () => {
  const [whole, short, wrong] = await Promise.all([
    run(["client-config", "claude-code", "--http", "http://127.0.0.1:8322/mcp"]),
    run(["client-config", "cursor", "--http", "https://mcp.example.org"]),
    run(["client-config", "cursor", "--http", "ftp://127.0.0.1/mcp"]),
  ]);
  assert.match(whole.stdout, /^claude mcp add --transport http \w+ http:\/\/127\.0\.0\.1:8322\/mcp\n$/);
  assert.match(short.stdout, /"url": "https:\/\/mcp\.example\.org\/mcp"/);
  assert.match(wrong.stderr, /^error\[config\.invalid\] .*ftp:.*\n {2}help: Write HOST:PORT/);
});

Deno.test("what the system refuses is told as that, and what a server says commands no terminal", async () => {
  const full = await Deno.writeTextFile("/dev/full", "x").catch((error) => systemFailure(error));
  assert.equal(full?.code, "disk.full");
  assert.match(full?.hint ?? "", /250 MB/);
  const { stderr } = await run(["call", "shop_get_thing\x1b]0;title\x07\u202e"]);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(stderr, /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/);
  const paint = (_style: unknown, text: string) => text;
  const hint = "\x1b[8mhidden";
  assert.equal(
    formatError({ code: "database.failed", message: "no\x1b]0;title\x07\nline\u009b2J", hint }, paint),
    "error[database.failed] no\uFFFD]0;title\uFFFD\nline\uFFFD2J\n  help: \uFFFD[8mhidden",
  );
});

Deno.test("client-config prints what each client takes, with this checkout's place", async () => {
  const root = projectDirectory.replace(/[\\/]$/, "");
  const launch = {
    command: Deno.execPath(),
    args: [
      "task",
      "--quiet",
      "--cwd",
      root,
      "sqlwright",
      "start",
      "--stdio",
      "--sql",
      `${root}/${shopDirectory}`,
    ],
  };
  const url = "http://127.0.0.1:8321/mcp";
  const [desktop, cursor, cursorHttp, code, vscode, vscodeHttp, desktopHttp] = await Promise.all([
    run(["client-config", "claude-desktop"]),
    run(["client-config", "cursor"]),
    run(["client-config", "cursor", "--http"]),
    run(["client-config", "claude-code", "--http"]),
    run(["client-config", "vscode"]),
    run(["client-config", "vscode", "--http", "127.0.0.1:9000"]),
    run(["client-config", "claude-desktop", "--http"]),
  ]);
  assert.deepEqual(JSON.parse(desktop.stdout), { mcpServers: { sqlwright: launch } });
  assert.match(desktop.stderr, /claude_desktop_config\.json/);
  assert.deepEqual(JSON.parse(cursor.stdout), { mcpServers: { sqlwright: launch } });
  assert.match(cursor.stderr, /\.cursor\/mcp\.json/);
  assert.deepEqual(JSON.parse(cursorHttp.stdout), { mcpServers: { sqlwright: { url } } });
  assert.equal(code.stdout, `claude mcp add --transport http sqlwright ${url}\n`);
  assert.deepEqual(JSON.parse(vscode.stdout), { servers: { sqlwright: { type: "stdio", ...launch } } });
  assert.deepEqual(JSON.parse(vscodeHttp.stdout), {
    servers: { sqlwright: { type: "http", url: "http://127.0.0.1:9000/mcp" } },
  });
  assert.deepEqual(JSON.parse(desktopHttp.stdout), {
    mcpServers: { sqlwright: { command: "npx", args: ["-y", "mcp-remote", url] } },
  });
});
