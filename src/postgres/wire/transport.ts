/**
 * The socket under the protocol: TCP or a Unix socket, plain or with TLS. One reader and one writer; both
 * wait for the other side, so that nothing is kept beyond one chunk.
 */

import {
  checkServerIdentity,
  connect as connectTls,
  type ConnectionOptions as TlsOptions,
  type TLSSocket,
} from "node:tls";
import { Socket } from "node:net";
import { ConnectionEnded, ProtocolViolation } from "./protocol_error.ts";
import { MessageWriter, sslRequestCode } from "./messages.ts";

export interface Transport {
  /** The next bytes; they are valid until the next `read`. Null at the end. */
  read: () => Promise<Uint8Array | null>;
  write: (bytes: Uint8Array) => Promise<void>;
  /** At once; what waits fails. */
  close: () => void;
  /** The server's certificate in DER, for channel binding; null without TLS. */
  certificate: Uint8Array | null;
}

export type Address = { host: string; port: number } | { path: string };

/** What TLS is to be: whether there must be any, and what is checked of the certificate. */
export interface TlsPolicy {
  /** False takes a server without TLS as it is. */
  isRequired: boolean;
  /** TLS from the first byte, without asking whether the server speaks it. */
  isDirect: boolean;
  /** The name that the server is told (SNI); null tells none. */
  serverName: string | null;
  /** The name or address that the certificate must be for; null leaves it unchecked. */
  checkedHost: string | null;
  /** PEM of the authorities that may have signed it, none for the runtime's own; null checks no authority. */
  authorities: string[] | null;
  /** PEM of the client's own certificate and key. */
  own: { certificate: string; key: string } | null;
  oldest: "TLSv1.2" | "TLSv1.3";
  newest: "TLSv1.2" | "TLSv1.3";
}

export interface TransportOptions {
  /** Null: none is asked for. */
  tls: TlsPolicy | null;
  /** Whether the system asks now and then if the other side is still there. */
  keepsAlive: boolean;
}

const chunkBytes = 64 * 1024;

/** @throws {ConnectionEnded} */
export async function openTransport(
  address: Address,
  { tls, keepsAlive }: TransportOptions,
  signal: AbortSignal,
): Promise<Transport> {
  signal.throwIfAborted();
  if (tls === null || "path" in address) return await openPlain(address, keepsAlive, signal);
  return await openWithTls(address, { tls, keepsAlive }, signal);
}

async function openPlain(address: Address, keepsAlive: boolean, signal: AbortSignal): Promise<Transport> {
  const connection = await connectPlain(address, keepsAlive, signal);
  const buffer = new Uint8Array(chunkBytes);
  return {
    certificate: null,
    read: async () => {
      const count = await connection.read(buffer).catch((error) => {
        throw connectionEnded(error);
      });
      return count === null ? null : buffer.subarray(0, count);
    },
    write: async (bytes) => {
      try {
        for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
      } catch (error) {
        throw connectionEnded(error);
      }
    },
    close: () => {
      try {
        connection.close();
      } catch {
        // It was closed already.
      }
    },
  };
}

async function connectPlain(
  address: Address,
  keepsAlive: boolean,
  signal: AbortSignal,
): Promise<Deno.Conn> {
  const connecting: Promise<Deno.Conn> = "path" in address
    ? Deno.connect({ transport: "unix", path: address.path })
    : Deno.connect({ hostname: address.host, port: address.port, signal } as Deno.ConnectOptions);
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const connection = await Promise.race([connecting, promise]);
    if ("setNoDelay" in connection) {
      (connection as Deno.TcpConn).setNoDelay(true);
      (connection as Deno.TcpConn).setKeepAlive(keepsAlive);
    }
    return connection;
  } catch (error) {
    connecting.then((late) => late.close(), () => {});
    throw signal.aborted ? signal.reason : connectionEnded(error);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/**
 * Over node:tls, which alone can leave the name or the authority unchecked, and gives the server's
 * certificate.
 */
async function openWithTls(
  { host, port }: { host: string; port: number },
  { tls, keepsAlive }: { tls: TlsPolicy; keepsAlive: boolean },
  signal: AbortSignal,
): Promise<Transport> {
  const socket = new Socket();
  const stop = () => socket.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    await opened(socket, "connect", () => socket.connect(port, host));
    socket.setNoDelay(true);
    socket.setKeepAlive(keepsAlive);
    if (!tls.isDirect && await askForTls(socket) === "N") {
      if (!tls.isRequired) {
        // A new connection costs little, and what it carries goes a shorter way.
        socket.destroy();
        return await openPlain({ host, port }, keepsAlive, signal);
      }
      throw new ConnectionEnded("TLS_REFUSED", "the server does not support SSL");
    }
    const secured = await secure(socket, tls);
    const { raw } = secured.getPeerCertificate() as { raw?: Uint8Array };
    return streamTransport(secured, raw === undefined ? null : new Uint8Array(raw));
  } catch (error) {
    socket.destroy();
    throw signal.aborted
      ? signal.reason
      : error instanceof ProtocolViolation
      ? error
      : connectionEnded(error);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/**
 * One byte, and not one more: what follows it unencrypted was put there by somebody between
 * (CVE-2021-23222).
 */
async function askForTls(socket: Socket): Promise<"S" | "N"> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  socket.once("data", resolve);
  socket.once("error", reject);
  socket.once("close", () => reject(new ConnectionEnded("CONNECTION_CLOSED", "closed before TLS")));
  socket.write(new MessageWriter().request(sslRequestCode).take());
  const bytes = await promise;
  socket.removeAllListeners("error");
  socket.removeAllListeners("close");
  socket.pause();
  const answer = String.fromCharCode(bytes[0]!);
  if (bytes.length > 1 && answer !== "E") {
    throw new ProtocolViolation("more than one byte came in answer to SSLRequest, before TLS began");
  }
  if (answer === "S" || answer === "N") return answer;
  throw answer === "E"
    ? new ConnectionEnded("TLS_REFUSED", "the server answers SSLRequest with an error")
    : new ProtocolViolation(`the answer to SSLRequest is 0x${bytes[0]!.toString(16)}`);
}

/** Whatever is to be checked is checked before a byte of the login is sent. */
async function secure(socket: Socket, tls: TlsPolicy): Promise<TLSSocket> {
  const { serverName, checkedHost, authorities, own, oldest, newest } = tls;
  let isNameChecked = false;
  const options: TlsOptions = {
    socket,
    ...(serverName === null ? {} : { servername: serverName }),
    rejectUnauthorized: authorities !== null,
    // Of an empty list nothing would be trusted; without one it is the runtime's.
    ...(authorities === null || authorities.length === 0 ? {} : { ca: authorities }),
    // The name is that of the host that was meant, and not the one that TLS was told, which may be none.
    checkServerIdentity: (_name, certificate) => {
      isNameChecked = true;
      return checkedHost === null ? undefined : checkServerIdentity(checkedHost, certificate);
    },
    ...(own === null ? {} : { cert: own.certificate, key: own.key }),
    minVersion: oldest,
    maxVersion: newest,
    ALPNProtocols: ["postgresql"],
  };
  const secured = connectTls(options);
  await opened(secured, "secureConnect", () => {});
  // The same again from what is known now: a runtime that forgot one of the checks must not pass for it.
  if (authorities !== null && !secured.authorized) {
    throw new ConnectionEnded(
      "CERT_UNTRUSTED",
      `the certificate is not trusted: ${secured.authorizationError}`,
    );
  }
  if (checkedHost !== null && !isNameChecked) {
    throw new ConnectionEnded("CERT_UNTRUSTED", "the name in the certificate was not checked");
  }
  if (oldest === "TLSv1.3" && secured.getProtocol() !== oldest) {
    throw new ConnectionEnded(
      "CERT_UNTRUSTED",
      `the server speaks ${secured.getProtocol()}, and not ${oldest}`,
    );
  }
  if (tls.isDirect && secured.alpnProtocol !== "postgresql") {
    throw new ConnectionEnded("TLS_REFUSED", "the server does not take TLS without being asked first");
  }
  return secured;
}

async function opened(socket: Socket, event: "connect" | "secureConnect", begin: () => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onClose = () => reject(new ConnectionEnded("CONNECTION_CLOSED", "the server closed the connection"));
  socket.once(event, resolve);
  socket.once("error", reject);
  socket.once("close", onClose);
  begin();
  try {
    await promise;
  } finally {
    socket.off(event, resolve);
    socket.off("error", reject);
    socket.off("close", onClose);
  }
}

function streamTransport(socket: Socket, certificate: Uint8Array | null): Transport {
  // A failure is told to whoever reads or writes; without a listener it would end the process.
  let failure: unknown = null;
  socket.on("error", (error) => failure = error);
  const chunks = socket.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
  return {
    certificate,
    read: async () => {
      try {
        const { done, value } = await chunks.next();
        return done ? null : value as Uint8Array;
      } catch (error) {
        throw connectionEnded(error);
      }
    },
    write: (bytes) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      if (socket.destroyed) {
        reject(connectionEnded(failure ?? { code: "CONNECTION_CLOSED" }));
      } else {
        socket.write(bytes, (error) => error ? reject(connectionEnded(error)) : resolve());
      }
      return promise;
    },
    close: () => socket.destroy(),
  };
}

/** Deno's and node's errors of a socket, under node's codes. */
export function connectionEnded(error: unknown): ConnectionEnded | Deno.errors.NotCapable {
  if (error instanceof ConnectionEnded || error instanceof Deno.errors.NotCapable) return error;
  const { code, message } = error as { code?: unknown; message?: unknown };
  return new ConnectionEnded(
    codeOf(error) ?? String(code ?? "CONNECTION_CLOSED"),
    String(message ?? ""),
    error,
  );
}

function codeOf(error: unknown): string | null {
  const { errors } = Deno;
  if (error instanceof errors.ConnectionRefused) return "ECONNREFUSED";
  if (error instanceof errors.NotFound) return "ENOENT";
  if (error instanceof errors.TimedOut) return "ETIMEDOUT";
  if (error instanceof errors.PermissionDenied) return "EACCES";
  if (error instanceof errors.BadResource || error instanceof errors.Interrupted) return "CONNECTION_CLOSED";
  if (error instanceof errors.ConnectionReset || error instanceof errors.ConnectionAborted) {
    return "ECONNRESET";
  }
  if (error instanceof errors.BrokenPipe) return "EPIPE";
  if (error instanceof errors.AddrNotAvailable) return "EADDRNOTAVAIL";
  const message = String((error as { message?: unknown }).message ?? "");
  if (/failed to lookup address|name or service not known|nodename nor servname/i.test(message)) {
    return "ENOTFOUND";
  }
  if (/network is unreachable|host is unreachable|no route to host/i.test(message)) return "EHOSTUNREACH";
  return null;
}
