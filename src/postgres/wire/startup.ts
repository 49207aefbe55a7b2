/** From an address to a session: TLS, login, and the settings of the start, within one bound of time. */

import { beginScram, type ChannelBinding, md5Password, readText } from "./authentication.ts";
import { Framer, typeName } from "./framing.ts";
import { MessageWriter } from "./messages.ts";
import { ConnectionEnded, ProtocolViolation, readFields, ServerError } from "./protocol_error.ts";
import { int32 } from "./rows.ts";
import { type Address, openTransport, type TlsPolicy, type Transport } from "./transport.ts";

export interface StartOptions {
  address: Address;
  /** Null: none is asked for. */
  tls: TlsPolicy | null;
  keepsAlive: boolean;
  user: string;
  /** Asked for when the server wants one; null where there is none. */
  password: () => string | null | Promise<string | null>;
  database: string | null;
  channelBinding: ChannelBinding;
  /** The ways to log in that will do; null for all that are spoken here. */
  loginWays: ReadonlySet<string> | null;
  /** Run-time parameters of the session. */
  parameters: Readonly<Record<string, string>>;
}

/** A session that is ready for its first statement. */
export interface StartedSession {
  transport: Transport;
  framer: Framer;
  /** Gets every message from now on. */
  receive: (handler: MessageHandler) => void;
  /** What the server reports of its settings, by ParameterStatus. */
  parameters: Map<string, string>;
  /** The process and its secret, for cancelling; null where the server, or a pooler, gave none. */
  key: { process: number; secret: number } | null;
}

export interface MessageHandler {
  message: (type: number, bytes: Uint8Array, start: number, end: number) => void;
  tooLong: (type: number, length: number) => void;
  mostRowBytes: () => number;
}

interface Message {
  type: string;
  body: Uint8Array;
}

/** A login takes a dozen; nobody may send them without end. */
const mostStartMessages = 1000;

/** @throws {ConnectionEnded | ServerError | ProtocolViolation} and the signal's reason */
export async function startSession(options: StartOptions, signal: AbortSignal): Promise<StartedSession> {
  const transport = await openTransport(options.address, options, signal);
  const onAbort = () => transport.close();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await logIn(transport, options);
  } catch (error) {
    transport.close();
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function logIn(transport: Transport, options: StartOptions): Promise<StartedSession> {
  const inbox: Message[] = [];
  let handler: MessageHandler = {
    message: (type, bytes, start, end) =>
      void inbox.push({ type: String.fromCharCode(type), body: bytes.slice(start, end) }),
    tooLong: (type) => {
      throw new ProtocolViolation(`a message of type ${typeName(type)} during the login`);
    },
    mostRowBytes: () => 0,
  };
  const framer = new Framer({
    message: (type, bytes, start, end) => handler.message(type, bytes, start, end),
    tooLong: (type, length) => handler.tooLong(type, length),
    mostRowBytes: () => handler.mostRowBytes(),
  });
  const parameters = new Map<string, string>();
  let key: StartedSession["key"] = null;
  let received = 0;
  const next = async (): Promise<Message> => {
    for (;;) {
      const message = inbox.shift();
      if (message === undefined) {
        const chunk = await transport.read();
        if (chunk === null) {
          throw new ConnectionEnded("CONNECTION_CLOSED", "the server closed the connection during the login");
        }
        framer.push(chunk);
        continue;
      }
      if (++received > mostStartMessages) throw new ProtocolViolation("the login does not come to its end");
      if (message.type === "E") throw new ServerError(readFields(message.body));
      if (message.type === "S") readParameterStatus(message.body, parameters);
      // Of a newer minor protocol the server tells what it does instead, which is what is spoken here.
      else if (message.type !== "N" && message.type !== "v") return message;
    }
  };
  const { user, database, parameters: settings } = options;
  await transport.write(
    new MessageWriter().startup({
      user,
      ...(database === null ? {} : { database }),
      client_encoding: "UTF8",
      ...settings,
    }).take(),
  );
  await authenticate(transport, options, next);
  for (;;) {
    const { type, body } = await next();
    if (type === "K" && body.length >= 8) key = { process: int32(body, 0), secret: int32(body, 4) };
    else if (type === "Z") break;
    else throw new ProtocolViolation(`a message of type "${type}" between the login and its end`);
  }
  if (inbox.length > 0) throw new ProtocolViolation("messages behind the end of the login");
  const encoding = parameters.get("client_encoding");
  if (encoding !== undefined && encoding !== "UTF8") {
    throw new ConnectionEnded("CLIENT_ENCODING", `the session's client_encoding is ${encoding}, not UTF8`);
  }
  return { transport, framer, receive: (next) => handler = next, parameters, key };
}

export function readParameterStatus(body: Uint8Array, parameters: Map<string, string>): void {
  const end = body.indexOf(0);
  const last = body.indexOf(0, end + 1);
  if (end < 0 || last < 0) throw new ProtocolViolation("a ParameterStatus without its value");
  parameters.set(readText(body.subarray(0, end)), readText(body.subarray(end + 1, last)));
  // A handful is reported; the library of names is PostgreSQL's, and no server's to fill without end.
  if (parameters.size > mostStartMessages) throw new ProtocolViolation("too many parameters are reported");
}

async function authenticate(
  transport: Transport,
  { user, password, channelBinding, loginWays }: StartOptions,
  next: () => Promise<Message>,
): Promise<void> {
  const send = (write: (writer: MessageWriter) => MessageWriter) =>
    transport.write(write(new MessageWriter()).take());
  const knownPassword = async (): Promise<string> => {
    const known = await password();
    if (known !== null && known !== "") return known;
    throw new ConnectionEnded(
      "NO_PASSWORD",
      `the server asks for the password of "${user}", and there is none`,
    );
  };
  const request = async () => {
    const { type, body } = await next();
    if (type !== "R" || body.length < 4) {
      throw new ProtocolViolation(`a message of type "${type}" where the login is to be asked for`);
    }
    return { code: int32(body, 0), rest: body.subarray(4) };
  };
  /** A login that asks for nothing, or for what is sent over in clear, proves nothing of the server. */
  const requireBinding = (way: string) => {
    if (channelBinding !== "require") return;
    throw new ConnectionEnded("CHANNEL_BINDING", `channel_binding=require, and the server asks for ${way}`);
  };
  const { code, rest } = await request();
  const way = wayNames[code];
  if (loginWays !== null && way !== undefined && !loginWays.has(way)) {
    throw new ConnectionEnded(
      "LOGIN_WAY",
      `the server asks for ${way === "none" ? "no password" : way}, which require_auth does not allow`,
    );
  }
  switch (code) {
    case Authentication.ok:
      return requireBinding("no password");
    case Authentication.cleartext: {
      requireBinding("a password in clear");
      const text = await knownPassword();
      await send((writer) => writer.password(text));
      break;
    }
    case Authentication.md5: {
      requireBinding("an MD5 password");
      const text = md5Password(user, await knownPassword(), rest.subarray(0, 4));
      await send((writer) => writer.password(text));
      break;
    }
    case Authentication.sasl: {
      const mechanisms = readText(rest).split("\0").filter((name) => name !== "");
      const exchange = await beginScram(
        mechanisms,
        await knownPassword(),
        transport.certificate,
        channelBinding,
      );
      await send((writer) => writer.saslInitial(exchange.mechanism, exchange.first));
      const challenge = await request();
      if (challenge.code !== Authentication.saslContinue) {
        throw new ProtocolViolation(`authentication ${challenge.code} where SCRAM goes on`);
      }
      const response = await exchange.next(readText(challenge.rest));
      await send((writer) => writer.saslResponse(response));
      const final = await request();
      if (final.code !== Authentication.saslFinal) {
        throw new ProtocolViolation(`authentication ${final.code} where SCRAM ends`);
      }
      exchange.finish(readText(final.rest));
      break;
    }
    default:
      throw new ConnectionEnded(
        "UNKNOWN_AUTHENTICATION",
        `the server asks for ${otherWays[code] ?? `authentication ${code}`}, which is not spoken here`,
      );
  }
  const end = await request();
  if (end.code !== Authentication.ok) {
    throw new ProtocolViolation(`authentication ${end.code} where the login ends`);
  }
}

const Authentication = { ok: 0, cleartext: 3, md5: 5, sasl: 10, saslContinue: 11, saslFinal: 12 } as const;
/** Under the names of `require_auth`. */
const wayNames: Record<number, string> = {
  0: "none",
  3: "password",
  5: "md5",
  7: "gss",
  9: "sspi",
  10: "scram-sha-256",
};
const otherWays: Record<number, string> = { 2: "Kerberos V5", 7: "GSSAPI", 8: "GSSAPI", 9: "SSPI" };
