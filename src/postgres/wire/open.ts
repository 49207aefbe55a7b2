/** From a connection string to a session: each of its hosts in turn, all within one bound of time. */

import { type ConnectionTarget, parseConnectionUrl } from "../connection_url.ts";
import { ConnectionEnded } from "./protocol_error.ts";
import { Session } from "./session.ts";
import type { Address, TlsPolicy } from "./transport.ts";

/** @throws the error of the last host that was tried */
export async function openSession(
  url: string,
  parameters: Readonly<Record<string, string>>,
  timeout_ms: number,
): Promise<Session> {
  const target = parseConnectionUrl(url);
  let failure: unknown = null;
  for (const { host, port } of target.hosts) {
    const address: Address = host.startsWith("/")
      ? { path: `${host.replace(/\/$/, "")}/.s.PGSQL.${port}` }
      : { host, port };
    const user = target.user ?? userName();
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new ConnectionEnded("CONNECT_TIMEOUT", "no answer in time")),
      timeout_ms,
    );
    try {
      return await Session.start({
        address,
        tls: tlsPolicy(target.ssl, host),
        user,
        password: () => target.password ?? Deno.env.get("PGPASSWORD") ?? null,
        database: target.database ?? Deno.env.get("PGDATABASE") ?? user,
        channelBinding: "prefer",
        parameters,
      }, late.signal);
    } catch (error) {
      failure = error;
    } finally {
      clearTimeout(timer);
    }
  }
  throw failure;
}

function tlsPolicy(ssl: ConnectionTarget["ssl"], host: string): TlsPolicy | null {
  if (ssl === false) return null;
  const isVerified = ssl === "verify-full";
  return {
    isRequired: ssl !== "prefer",
    checkedHost: isVerified ? host : null,
    authorities: isVerified ? "system" : null,
    own: null,
  };
}

/** As every PostgreSQL tool: PGUSER, else who runs the process. */
function userName(): string {
  for (const name of ["PGUSER", "USER", "LOGNAME", "USERNAME"]) {
    try {
      const value = Deno.env.get(name);
      if (value) return value;
    } catch {
      // The sandbox of a server shows PostgreSQL's own variables and no others.
    }
  }
  throw new ConnectionEnded("NO_USER", "DATABASE_URL and PGUSER name no user");
}
