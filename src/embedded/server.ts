/**
 * One running PostgreSQL over a data directory: its lock file, its port, its readiness, its log, its end.
 *
 * Used by the supervisor alone, which holds the supervisor lock: nobody else starts this cluster meanwhile.
 */

import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { type Account, asAccount, giveToOwner, type Placement } from "./cluster.ts";
import { ignoreNotFound } from "./binaries.ts";

export interface ServerOptions extends Pick<Placement, "directory" | "account" | "fileOwner"> {
  postgres: string;
  pg_ctl: string;
  data: string;
  /** Keeps the port from one start to the next. */
  portFile: string;
}

export interface RunningServer {
  port: number;
  /** Settles when PostgreSQL has ended, for whatever reason. */
  ended: Promise<void>;
  /** Fast shutdown, then an immediate one, then a kill; resolves when the process is gone. */
  stop(): Promise<void>;
}

/** PostgreSQL did not start; `log` holds its last lines. */
export class ServerStartError extends Error {
  override readonly name = "ServerStartError";
  constructor(message: string, readonly log: string) {
    super(message);
  }
}

const ready_timeout_ms = 120_000;
const poll_ms = 20;
const fastShutdown_ms = 10_000;
const immediateShutdown_ms = 5_000;
const log_limit_bytes = 8 * 1024 * 1024;
const tail_limit = 2_000;
const isWindows = Deno.build.os === "windows";

export async function runServer(options: ServerOptions): Promise<RunningServer> {
  await clearLockFile(options);
  const log = new BoundedLog(options);
  for (let attempt = 1;; attempt++) {
    const port = await choosePort(options);
    const server = isWindows ? await launchWithPgCtl(options, port, log) : launch(options, port, log);
    if (await becomesReady(options, server)) {
      return { port, ended: server.ended, stop: () => stopServer(options, server) };
    }
    // Another process may have taken the port between our look and PostgreSQL's own bind.
    if (attempt < 3 && !isFree(port)) continue;
    await stopServer(options, server);
    throw new ServerStartError("it ended, or was not ready in time, while starting", log.tail);
  }
}

interface Process {
  /** Null until known. */
  pid: number | null;
  ended: Promise<void>;
}

function launch(options: ServerOptions, port: number, log: BoundedLog): Process {
  const child = new Deno.Command(options.postgres, {
    args: ["-D", options.data, "-p", String(port)],
    ...asAccount(options.account),
    cwd: options.data,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const logged = log.copyFrom(child.stderr);
  return { pid: child.pid, ended: child.status.then(() => logged) };
}

/**
 * On Windows PostgreSQL refuses an administrator; pg_ctl starts it with lesser rights, as a process that is
 * not our child.
 */
async function launchWithPgCtl(options: ServerOptions, port: number, log: BoundedLog): Promise<Process> {
  log.close();
  await runQuietly(options.pg_ctl, ["start", "-W", "-D", options.data, "-l", log.path, "-o", `-p ${port}`]);
  const server: Process = { pid: null, ended: Promise.resolve() };
  const deadline = Date.now() + 10_000;
  while (server.pid === null && Date.now() < deadline) {
    await delay(poll_ms);
    server.pid = (await readLockFile(options.data))?.pid ?? null;
  }
  if (server.pid !== null) server.ended = gone(server.pid, options.data);
  return server;
}

/** PostgreSQL writes `ready` into the eighth line of its lock file; pg_ctl waits for the same. */
async function becomesReady(options: ServerOptions, server: Process): Promise<boolean> {
  let hasEnded = false;
  server.ended.then(() => hasEnded = true);
  const deadline = Date.now() + ready_timeout_ms;
  while (!hasEnded && Date.now() < deadline) {
    const lock = await readLockFile(options.data);
    if (lock !== null && lock.pid === server.pid && lock.status === "ready") return true;
    await delay(poll_ms);
  }
  return false;
}

async function stopServer(options: ServerOptions, server: Process): Promise<void> {
  if (server.pid === null) return;
  const { pid, ended } = server;
  if (isWindows) {
    await runQuietly(options.pg_ctl, [
      "stop",
      "-D",
      options.data,
      "-m",
      "fast",
      "-t",
      String(fastShutdown_ms / 1000),
    ]);
    if (await within(ended, 1000)) return;
    await runQuietly(options.pg_ctl, ["stop", "-D", options.data, "-m", "immediate"]);
    return;
  }
  const steps = [["SIGINT", fastShutdown_ms], ["SIGQUIT", immediateShutdown_ms], [
    "SIGKILL",
    immediateShutdown_ms,
  ]] as const;
  for (const [signal, bound_ms] of steps) {
    if (await within(ended, 0)) return;
    sendSignal(pid, signal);
    if (await within(ended, bound_ms)) return;
  }
}

/**
 * A lock file may be left by a server that was killed. PostgreSQL itself removes one whose process is gone,
 * but gives up where the process id meanwhile belongs to another program. And it may belong to our own
 * server, whose supervisor was killed: that one is stopped, because its log goes nowhere and nobody would
 * stop it otherwise.
 */
async function clearLockFile(options: ServerOptions): Promise<void> {
  const lock = await readLockFile(options.data);
  if (lock === null || !isAlive(lock.pid)) return;
  if (await servesData(lock.pid, options.data)) {
    await stopServer(options, { pid: lock.pid, ended: gone(lock.pid, options.data) });
    return;
  }
  await Deno.remove(join(options.data, "postmaster.pid")).catch(ignoreNotFound);
}

async function readLockFile(data: string): Promise<{ pid: number; status: string } | null> {
  const text = await Deno.readTextFile(join(data, "postmaster.pid")).catch(ignoreNotFound);
  if (!text) return null;
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  return Number.isInteger(pid) && pid > 0 ? { pid, status: (lines[7] ?? "").trim() } : null;
}

/** Whether a process is PostgreSQL over this data directory. A zombie has no command line and is none. */
async function servesData(pid: number, data: string): Promise<boolean> {
  switch (Deno.build.os) {
    case "linux": {
      const commandLine = await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "");
      return commandLine.split("\0").includes(data);
    }
    case "windows":
      return (await readOutput("tasklist", ["/FI", `PID eq ${pid}`, "/NH", "/FO", "CSV"])).includes(
        "postgres.exe",
      );
    default:
      return (await readOutput("ps", ["-ww", "-o", "command=", "-p", String(pid)])).includes(`-D ${data}`);
  }
}

async function gone(pid: number, data: string): Promise<void> {
  while (isAlive(pid) && await servesData(pid, data)) await delay(isWindows ? 500 : 50);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to someone else.
    return (error as { code?: unknown }).code === "EPERM";
  }
}

function sendSignal(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    // It may have ended by itself meanwhile.
    ignoreNotFound(error);
  }
}

/**
 * The port of the last start when it is free; else a random one below those that systems give to outgoing
 * connections.
 */
async function choosePort(options: ServerOptions): Promise<number> {
  const remembered = Number(await Deno.readTextFile(options.portFile).catch(ignoreNotFound) ?? 0);
  if (remembered > 0 && isFree(remembered)) return remembered;
  let port = 0;
  for (let attempt = 0; attempt < 50 && (port === 0 || !isFree(port)); attempt++) {
    port = 20_000 + Math.floor(Math.random() * 12_000);
  }
  await Deno.writeTextFile(options.portFile, String(port));
  await giveToOwner(options.portFile, options);
  return port;
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse || error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}

/** PostgreSQL's log: emptied at each start, and moved aside to `.1` at 8 MiB. */
class BoundedLog {
  readonly path: string;
  /** The last lines, for an error message. */
  tail = "";
  readonly #placement: Pick<Placement, "fileOwner">;
  #file: Deno.FsFile;
  #size_bytes = 0;

  constructor(placement: Pick<Placement, "directory" | "fileOwner">) {
    this.path = join(placement.directory, "postgres.log");
    this.#placement = placement;
    this.#file = this.#open();
  }

  async copyFrom(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.tail = (this.tail + decoder.decode(chunk, { stream: true })).slice(-tail_limit);
      if (this.#size_bytes + chunk.length > log_limit_bytes) {
        this.#file.close();
        Deno.renameSync(this.path, `${this.path}.1`);
        this.#file = this.#open();
      }
      this.#size_bytes += chunk.length;
      try {
        for (let written = 0; written < chunk.length;) {
          written += this.#file.writeSync(chunk.subarray(written));
        }
      } catch {
        // A full disk costs log lines; ending the reader would make PostgreSQL wait for it forever.
      }
    }
  }

  close(): void {
    this.#file.close();
  }

  #open(): Deno.FsFile {
    this.#size_bytes = 0;
    const file = Deno.openSync(this.path, { create: true, write: true, truncate: true, mode: 0o600 });
    const owner: Account | null = this.#placement.fileOwner;
    if (owner) Deno.chownSync(this.path, owner.uid, owner.gid);
    return file;
  }
}

async function runQuietly(program: string, args: string[]): Promise<void> {
  await new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "null" }).spawn().status;
}

async function readOutput(program: string, args: string[]): Promise<string> {
  const output = await new Deno.Command(program, { args, stdin: "null", stderr: "null" }).output();
  return new TextDecoder().decode(output.stdout);
}

async function within(ended: Promise<void>, bound_ms: number): Promise<boolean> {
  const bound = new AbortController();
  const passed = delay(bound_ms, false, { signal: bound.signal }).catch(() => false);
  const hasEnded = await Promise.race([ended.then(() => true), passed]);
  bound.abort();
  return hasEnded;
}
