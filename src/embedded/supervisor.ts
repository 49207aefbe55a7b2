/**
 * A program: holds one embedded PostgreSQL and stops it when nobody needs it any more.
 *
 * Each start of sqlwright keeps one TCP session to this process. The operating system closes the session of a
 * killed start, so PostgreSQL never outlives its users by more than its own shutdown. The program runs in a
 * session of its own (Ctrl-C in the terminal must not reach PostgreSQL before the server has drained) and
 * needs no npm module.
 *
 *   start → supervisor   {"token"}            the secret of supervisor.json
 *   supervisor → start   {"port"}             PostgreSQL's port
 *   start → supervisor   {"leave": true}      or just the end of the session
 *   supervisor → start {"stopped"} true after the last user left and PostgreSQL is down, else false
 *   supervisor → start   {"failed"}           PostgreSQL ended by itself
 *
 * Argument: one JSON text, `ServerOptions`. Standard output: one line of JSON, `SupervisorReport`.
 */

import { join } from "node:path";
import { giveToOwner } from "./cluster.ts";
import { ignoreNotFound } from "./binaries.ts";
import { type RunningServer, runServer, type ServerOptions, ServerStartError } from "./server.ts";
import { LineConnection } from "./session.ts";

export type SupervisorReport = { ready: true } | { ready: false; message: string; log: string };

/** The content of supervisor.json. */
export interface SupervisorAddress {
  port: number;
  token: string;
}

/** An earlier supervisor may still be stopping its server. */
const lock_timeout_ms = 30_000;
/** The start that asked for this supervisor may have been killed before it joined. */
const firstUser_timeout_ms = 20_000;
const token_timeout_ms = 5_000;
const sessions_limit = 200;

async function supervise(options: ServerOptions): Promise<number> {
  let server: RunningServer;
  try {
    await takeLock(join(options.directory, "supervisor.lock"), options);
    server = await runServer(options);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    report({ ready: false, message, log: error instanceof ServerStartError ? error.log : "" });
    return 1;
  }
  try {
    return await attendUsers(options, server);
  } finally {
    await server.stop();
  }
}

async function attendUsers(options: ServerOptions, server: RunningServer): Promise<number> {
  const addressFile = join(options.directory, "supervisor.json");
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const token = crypto.getRandomValues(new Uint8Array(24)).toHex();
  const address: SupervisorAddress = { port: listener.addr.port, token };
  // The mode of an existing file would stay as it is.
  await Deno.remove(addressFile).catch(ignoreNotFound);
  await Deno.writeTextFile(addressFile, JSON.stringify(address), { mode: 0o600 });
  await giveToOwner(addressFile, options);

  const users = new Users(listener, token, server);
  for (const signal of Deno.build.os === "windows" ? ["SIGINT"] as const : ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => users.stop());
  }
  report({ ready: true });
  const firstUser = setTimeout(() => users.leave(null), firstUser_timeout_ms);
  // A listener that fails would let nobody in; an unhandled error would leave PostgreSQL alone.
  const serving = users.serve().catch(() => users.stop());
  const isForeseen = await users.end;
  clearTimeout(firstUser);
  await Deno.remove(addressFile).catch(ignoreNotFound);
  if (isForeseen) await server.stop();
  await users.sayGoodbye(isForeseen);
  await serving;
  return isForeseen ? 0 : 1;
}

/** The sessions of those who use the server. */
class Users {
  /** Settles when it is time to stop: true when nobody is left, false when PostgreSQL ended by itself. */
  readonly end: Promise<boolean>;
  readonly #listener: Deno.TcpListener;
  readonly #token: string;
  readonly #port: number;
  readonly #sessions = new Set<LineConnection>();
  /** Those who asked to leave and wait for the shutdown. */
  readonly #waiting: LineConnection[] = [];
  #finish: (isForeseen: boolean) => void = () => {};
  #isEnding = false;

  constructor(listener: Deno.TcpListener, token: string, server: RunningServer) {
    this.#listener = listener;
    this.#token = token;
    this.#port = server.port;
    this.end = new Promise((resolve) => {
      this.#finish = (isForeseen) => {
        this.#isEnding = true;
        resolve(isForeseen);
        // From here on a new start finds nobody, and waits for the supervisor lock with a supervisor of its
        // own.
        this.#closeListener();
      };
    });
    server.ended.then(() => this.#finish(false));
  }

  async serve(): Promise<void> {
    for await (const connection of this.#listener) {
      const session = new LineConnection(connection);
      if (this.#sessions.size >= sessions_limit) session.close();
      else this.#attend(session).catch(() => session.close());
    }
  }

  stop(): void {
    this.#finish(true);
  }

  leave(session: LineConnection | null): void {
    if (session) this.#sessions.delete(session);
    if (this.#sessions.size === 0) this.#finish(true);
  }

  async sayGoodbye(isForeseen: boolean): Promise<void> {
    const goodbye = isForeseen ? { stopped: true } : { failed: true };
    const left = [...this.#waiting, ...this.#sessions];
    await Promise.allSettled(left.map((session) => session.send(goodbye).finally(() => session.close())));
  }

  async #attend(session: LineConnection): Promise<void> {
    const hello = await session.receive(AbortSignal.timeout(token_timeout_ms));
    // A connection may have been made just before the listener was closed; its start then brings up a server
    // of its own.
    if (hello?.token !== this.#token || this.#isEnding) return session.close();
    this.#sessions.add(session);
    await session.send({ port: this.#port }).catch(() => {});
    const request = await session.receive().catch(() => null);
    const isLast = this.#sessions.size === 1;
    if (request?.leave === true && isLast) this.#waiting.push(session);
    this.leave(session);
    if (isLast && request?.leave === true) return;
    if (request?.leave === true) await session.send({ stopped: false });
    session.close();
  }

  #closeListener(): void {
    try {
      this.#listener.close();
    } catch (error) {
      // Two reasons to stop may come together.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}

async function takeLock(path: string, options: ServerOptions): Promise<void> {
  const file = await Deno.open(path, { create: true, write: true, mode: 0o600 });
  await giveToOwner(path, options);
  const deadline = Date.now() + lock_timeout_ms;
  while (!await file.tryLock(true)) {
    if (Date.now() > deadline) throw new Error(`another supervisor still holds "${path}"`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function report(message: SupervisorReport): void {
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(message) + "\n"));
}

// Last, because the class above does not exist before its line has run.
if (import.meta.main) {
  Deno.exit(await supervise(JSON.parse(Deno.args[0]!) as ServerOptions));
}
