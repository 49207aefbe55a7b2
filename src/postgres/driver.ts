/**
 * A client of postgres.js with one connection. Values travel as text in both directions; `codec.ts` turns
 * text into JSON and back. postgres.js would otherwise make dates and floats of them, which is lossy.
 */

import { Socket } from "node:net";
import postgres from "postgres";
import { driverTarget } from "./connection_url.ts";
import type { SessionParameters } from "./session.ts";

export interface DriverOptions {
  url: string;
  connectTimeout_ms: number;
  /** Of the start of the session. */
  parameters: SessionParameters;
  /** Keep statements under names. */
  prepares: boolean;
  /** A socket was closed; the next statement opens another. */
  onClose: () => void;
}

/** OIDs that postgres.js would convert by default; here they stay text. */
const textTypes = {
  text: {
    to: 25,
    from: [16, 17, 20, 21, 23, 26, 114, 700, 701, 1082, 1114, 1184, 1700, 3802],
    serialize: (value: string) => value,
    parse: (text: string) => text,
  },
};

/** How a statement is sent: under a name, without one, or a script over the simple protocol. */
export const preparedStatement = { prepare: true, simple: false };
export const unnamedStatement = { prepare: false, simple: false };
export const simpleScript = { prepare: false, simple: true };

export function openDriver(
  { url, connectTimeout_ms, parameters, prepares, onClose }: DriverOptions,
): postgres.Sql {
  const target = driverTarget(url);
  return postgres({
    ...target,
    ...(Array.isArray(target.host) && target.host.length === 1 ? { socket: openSocket } : {}),
    max: 1,
    idle_timeout: 0,
    // A connection lives as long as the server lets it; rotating would only lose its prepared statements.
    max_lifetime: null,
    connect_timeout: Math.max(1, Math.ceil(connectTimeout_ms / 1000)),
    backoff: (retries: number) => Math.min(0.05 * 2 ** retries, 1),
    fetch_types: false,
    types: textTypes,
    prepare: prepares,
    connection: parameters,
    onnotice: () => {},
    onclose: onClose,
  } as unknown as postgres.Options<Record<string, postgres.PostgresType>>);
}

/**
 * A socket that sends small messages at once. postgres.js leaves Nagle's algorithm on, and COPY's last
 * message, small behind small, then waits for the server's delayed acknowledgement: 40 ms for each load. Of
 * several hosts postgres.js tries one after the other itself.
 */
function openSocket({ host, port }: { host: string[]; port: number[] }): Socket {
  const socket = new Socket();
  socket.once("connect", () => socket.setNoDelay(true));
  // What is written before it is connected is kept until then. The name is for TLS.
  socket.connect(port[0]!, host[0]!);
  return Object.assign(socket, { host: host[0], port: port[0] });
}
