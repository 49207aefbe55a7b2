/** `doctor`: looks at everything a start needs and says what is wrong, without changing anything. */

import { checkFiles, openPools, requireUsableServer, type ServerFacts, serverFacts } from "../../app.ts";
import { type Config, databaseSetting, queryFoldersOf, settings } from "../../config.ts";
import { findOuterProject, productDirectory } from "../../project.ts";
import { errorReport } from "../../errors.ts";
import { joinHostAndPort } from "../../permissions.ts";
import { embeddedVersion } from "../../embedded/binaries.ts";
import { isClosed, lackingOf } from "../../migrate/access.ts";
import { findBookAccess, migrationStatus } from "../../migrate/migrate.ts";
import { loadQueries } from "../../query/loader.ts";
import { poolerWarning } from "../../postgres/session.ts";
import { masked } from "../../postgres/target/fault.ts";
import { formatCount, formatDuration, paintFor, print, printJson, shownPlace } from "../console/console.ts";
import { type Database, withDatabase } from "../database.ts";
import { isDeployable, migrationLists } from "../deployment.ts";
import { findSettings, type FoundSettings, type ProjectOptions } from "../environment.ts";
import { findExposure } from "./environment_file.ts";
import { commandOf } from "./setup.ts";

export interface DoctorOptions extends ProjectOptions {
  json?: boolean | undefined;
}

interface Finding {
  name: string;
  state: "ok" | "warned" | "failed" | "skipped";
  found: string;
  hint: string | null;
}

const oldestDeno = [2, 9];
/** Run in the place of main.ts. */
const probe = `${productDirectory}src/cli/server/sandbox_probe.ts`;
const child_timeout_ms = 20_000;

/** @returns 1 when anything failed */
export async function runDoctor(options: DoctorOptions): Promise<number> {
  const findings: Finding[] = [];
  const add = (finding: Finding) => {
    findings.push(finding);
    if (!options.json) print(formatFinding(finding));
  };
  add(examineDeno());
  const config = await attempt("settings", () => {
    const { config, origins } = findSettings(options);
    const database = config.DATABASE_URL === undefined ? "the embedded database" : databaseSetting(config);
    const found = `query files in ${shownPlace(config.SQLWRIGHT_SQL_DIR)}, ${database}`;
    return { ...ok("settings", found), config, origins };
  });
  if ("config" in config) add(examineProject(config.config));
  add(config);
  if ("origins" in config) { for (const each of originsOf(config)) add(each); }
  if ("config" in config) {
    const exposure = await findExposure(config.config);
    if (exposure !== null) add({ name: ".env", state: "warned", ...exposure });
    await examineAll(config.config, add);
  }
  const isWell = findings.every(({ state }) => state !== "failed");
  if (options.json) printJson({ ok: isWell, checks: findings });
  else {
    const paint = paintFor("stdout");
    const failures = findings.filter(({ state }) => state === "failed").length;
    print(
      `\n${
        isWell ? paint("green", "All is well") : paint("red", formatCount(failures, "thing") + " to mend")
      }`,
    );
  }
  return isWell ? 0 : 1;
}

function examineProject({ project, SQLWRIGHT_SQL_DIR: directory }: Config): Finding {
  if (project === null) {
    return { ...skipped("project", `none: the query files of ${shownPlace(directory)} by themselves`) };
  }
  const outer = findOuterProject(project);
  const found = `"${project.name}" in ${project.directory}, made with sqlwright ${project.sqlwright}`;
  if (outer === null) return ok("project", found);
  const hint = `Name that one with --project ${outer} where you mean it`;
  return {
    name: "project",
    state: "warned",
    found: `${found}; another project lies around it, in ${outer}`,
    hint,
  };
}

/** Of PostgreSQL's own: which host gets which password may come from two places. */
const connectionVariables: ReadonlySet<string> = new Set(
  ["HOST", "HOSTADDR", "PORT", "USER", "DATABASE", "PASSWORD", "PASSFILE", "SERVICE", "SERVICEFILE"]
    .map((name) => `PG${name}`),
);

/** One line for each setting that is not left at its default. */
function originsOf({ config, origins }: FoundSettings): Finding[] {
  // One of them is another program's then.
  const unread = config.SQLWRIGHT_DATABASE_URL === undefined ? "" : "DATABASE_URL";
  return [...origins].filter(([name, origin]) => origin !== "default" && name !== unread).filter(([name]) =>
    Object.hasOwn(settings, name) || connectionVariables.has(name)
  )
    .map(([name, origin]) => ok("setting", `${name}=${shownValue(name, config)} from ${origin}`));
}

/** A value that may hold a secret is not shown. */
function shownValue(name: string, config: Config): string {
  const value: unknown = config[name as keyof Config];
  if (/_SECRET$|PASSWORD$|^DATABASE_PASSWORD_COMMAND$/.test(name)) return "***";
  if (connectionVariables.has(name)) return Deno.env.get(name) ?? "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (name === "DATABASE_URL") return masked(text);
  return text.replace(/(:\/\/[^/@:]*):[^@]*@/, "$1:***@");
}

async function examineAll(config: Config, add: (finding: Finding) => void): Promise<void> {
  add(examinePlatform(config));
  const started = await attempt("database", async () => {
    await withDatabase(config, async (database) => {
      for await (const finding of examineDatabase(database)) add(finding);
    }, { prepareNew: false });
    return skipped("database", "");
  });
  if (started.state === "failed") {
    add(started);
    for (const name of ["migrations", "query files", "sandbox", "server"]) {
      add(skipped(name, "needs the database"));
    }
  }
  add(await attempt("port", () => examinePort(config)));
}

async function* examineDatabase(database: Database): AsyncGenerator<Finding> {
  const { config, isEmbedded } = database;
  const pools = openPools(config);
  let isServable = false;
  try {
    let facts: ServerFacts | null = null;
    const login = await attempt("database", async () => {
      facts = await pools.reader.withConnection(undefined, serverFacts);
      requireUsableServer(facts, config);
      const rights = facts.isSuperuser ? "a superuser" : "no superuser";
      return ok(
        "database",
        `PostgreSQL ${facts.versionText}, "${facts.database}" as ${facts.user}, ${rights}`,
      );
    });
    yield login;
    if (pools.reader.isPooled) yield { name: "pooler", state: "warned", ...poolerFinding };
    if (facts === null) {
      yield skipped("migrations", "needs the database");
      yield skipped("query files", "needs the database");
    } else {
      yield await attempt("migrations", () => examineMigrations(database, isEmbedded));
      const files = await attempt("query files", async () => {
        const { catalog, diagnostics } = await checkFiles(config, pools.writer);
        const errors = diagnostics.filter(({ severity }) => severity === "error");
        if (errors.length > 0) {
          return failed(
            "query files",
            `${formatCount(errors.length, "error")}`,
            "sqlwright check shows each with its place",
          );
        }
        return ok("query files", formatCount(catalog.tools.size, "tool"));
      });
      isServable = login.state === "ok" && files.state === "ok";
      yield files;
    }
  } finally {
    await Promise.all([pools.reader.close(), pools.writer.close()]);
  }
  yield await attempt("sandbox", () => examineSandbox(config));
  yield isServable
    ? await attempt("server", () => examineServer(config))
    : skipped("server", "needs the database and right query files");
}

async function examineMigrations({ config, ownerUrl }: Database, isEmbedded: boolean): Promise<Finding> {
  const { queries } = await loadQueries(queryFoldersOf(config));
  const lists = migrationLists(config.project, queries);
  const access = await findBookAccess(ownerUrl);
  if (isClosed(access)) {
    const found = `not known: "${access.login}" lacks ${lackingOf(access)}`;
    if (!await isDeployable(config.project, queries)) return skipped("migrations", found);
    const hint = "The server does not need it; `sqlwright grants` has what shows what was applied";
    return { name: "migrations", state: "warned", found, hint };
  }
  const { migrations } = await migrationStatus(ownerUrl, lists);
  const named = (state: string) => migrations.filter((each) => each.state === state);
  const wrong = [...named("changed"), ...named("missing")];
  if (wrong.length > 0) {
    return failed(
      "migrations",
      `not what was applied: ${wrong.map(({ name }) => name).join(", ")}`,
      "sqlwright migrate status shows them; restore the files",
    );
  }
  const needed = migrations.filter(({ namespace, state }) =>
    namespace !== lists.own.namespace || lists.usesOwn || state === "applied"
  );
  const pending = needed.filter(({ state }) => state === "pending").length;
  if (pending === 0) return ok("migrations", `${needed.length} applied`);
  if (pending === needed.length && !isEmbedded) {
    return skipped("migrations", "none applied: this database is not ours, or sqlwright migrate makes it so");
  }
  return failed("migrations", `${pending} of ${needed.length} pending`, "Run sqlwright migrate");
}

function examineDeno(): Finding {
  const { deno } = Deno.version;
  const [major = 0, minor = 0] = deno.split(".").map(Number);
  const isNew = major > oldestDeno[0]! || (major === oldestDeno[0] && minor >= oldestDeno[1]!);
  return isNew
    ? ok("deno", deno)
    : failed("deno", deno, `sqlwright needs Deno ${oldestDeno.join(".")} or newer: deno upgrade`);
}

function examinePlatform({ DATABASE_URL: url }: Config): Finding {
  const { os, arch } = Deno.build;
  const platform = `${os} ${arch}`;
  if (url !== undefined) return skipped("embedded", "not used: DATABASE_URL is set");
  const isKnown = ["linux", "darwin"].includes(os) || (os === "windows" && arch === "x86_64");
  return isKnown ? ok("embedded", `PostgreSQL ${embeddedVersion} for ${platform}`) : failed(
    "embedded",
    `there is no embedded PostgreSQL for ${platform}`,
    "Set DATABASE_URL to a PostgreSQL 15 to 18 server",
  );
}

async function examinePort({ SQLWRIGHT_HTTP: address }: Config): Promise<Finding> {
  const name = joinHostAndPort(address.hostname, String(address.port));
  try {
    Deno.listen(address).close();
    return ok("port", `${name} is free`);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) {
      return failed(
        "port",
        `${name}: ${(error as Error).message}`,
        "Set SQLWRIGHT_HTTP to an address of this machine",
      );
    }
  }
  const answer = await fetch(`http://${name}/health/live`, { signal: AbortSignal.timeout(2000) })
    .then((response) => response.json(), () => null);
  if ((answer as { status?: unknown } | null)?.status === "live") {
    return skipped("port", `${name}: a server of ours is running`);
  }
  return failed(
    "port",
    `${name} is in use by another program`,
    "Stop it, or set SQLWRIGHT_HTTP to another port",
  );
}

/** Runs a child with exactly the server's flags: what it must not do has to fail there. */
async function examineSandbox(config: Config): Promise<Finding> {
  if (Deno.build.standalone) return skipped("sandbox", "a compiled program has its permissions built in");
  const { args, cwd, env } = await commandOf(config, config.DATABASE_URL!, { stdio: true });
  const output = await runChild(
    [
      ...args.slice(0, args.indexOf("serve") - 1),
      probe,
      config.SQLWRIGHT_SQL_DIR,
      ...(config.SQLWRIGHT_EXPORT_DIR === undefined ? [] : [config.SQLWRIGHT_EXPORT_DIR]),
    ],
    { cwd, env },
  );
  if (!output.success) {
    return failed(
      "sandbox",
      `the probe did not run: ${output.said}`,
      "sqlwright permissions shows the flags",
    );
  }
  const tried = JSON.parse(output.stdout) as Record<"needed" | "forbidden", Record<string, string>>;
  const denied = Object.entries(tried.needed).find(([, result]) => result !== "allowed");
  if (denied !== undefined) {
    const [what, result] = denied;
    const hint = what === "write exports"
      ? "Check the folder of SQLWRIGHT_EXPORT_DIR and its mode"
      : "Check the SQL directory and its mode";
    return failed("sandbox", `cannot ${what}: ${result}`, hint);
  }
  const forbidden = Object.keys(tried.forbidden);
  const open = forbidden.filter((what) => tried.forbidden[what] !== "NotCapable");
  return open.length === 0
    ? ok("sandbox", `may ${Object.keys(tried.needed).join(" and ")}; may not ${forbidden.join(", ")}`)
    : failed("sandbox", `may ${open.join(", ")}`, "sqlwright permissions shows the flags");
}

/** Starts the server in its sandbox with no client: it must come up, find its client gone, and end well. */
async function examineServer(config: Config): Promise<Finding> {
  if (Deno.build.standalone) return skipped("server", "a compiled program starts itself");
  const { args, cwd, env } = await commandOf(config, config.DATABASE_URL!, { stdio: true });
  const started_ms = performance.now();
  const { success, said } = await runChild(args, { cwd, env });
  return success
    ? ok("server", `starts and stops in its sandbox in ${formatDuration(performance.now() - started_ms)}`)
    : failed("server", `does not start: ${said}`, "sqlwright serve --stdio shows all it says");
}

/** Of Deno itself, with nothing on standard input. `said` is the line that tells the error. */
async function runChild(
  args: string[],
  { cwd, env }: { cwd: string; env: Record<string, string> },
): Promise<{ success: boolean; stdout: string; said: string }> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    env: { ...env, NO_COLOR: "1" },
    stdin: "null",
    signal: AbortSignal.timeout(child_timeout_ms),
  }).output();
  const lines = new TextDecoder().decode(stderr).trim().split("\n");
  const said = lines.find((line) => line.startsWith("error")) ?? lines[0] ?? "";
  return { success, stdout: new TextDecoder().decode(stdout), said };
}

async function attempt<T extends Finding>(name: string, work: () => T | Promise<T>): Promise<T | Finding> {
  try {
    return await work();
  } catch (error) {
    const { message, hint } = errorReport(error);
    return failed(name, message, hint);
  }
}

const poolerFinding = { found: poolerWarning.message, hint: poolerWarning.hint };
const ok = (name: string, found: string): Finding => ({ name, state: "ok", found, hint: null });
const skipped = (name: string, found: string): Finding => ({ name, state: "skipped", found, hint: null });
const failed = (name: string, found: string, hint: string | null): Finding => ({
  name,
  state: "failed",
  found,
  hint,
});

function formatFinding({ name, state, found, hint }: Finding): string {
  const paint = paintFor("stdout");
  const marks = {
    ok: paint("green", "✓"),
    warned: paint("yellow", "!"),
    failed: paint("red", "✗"),
    skipped: paint("dim", "–"),
  };
  const line = `${marks[state]} ${name.padEnd(12)} ${state === "skipped" ? paint("dim", found) : found}`;
  return hint === null ? line : `${line}\n  ${" ".repeat(12)} ${paint("cyan", "help:")} ${hint}`;
}
