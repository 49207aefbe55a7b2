/**
 * Answers to the server's Authentication messages: a password in clear, its MD5, SCRAM-SHA-256 and
 * SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677; PostgreSQL, "SASL Authentication"), with SASLprep (RFC 4013).
 */

import { createHash } from "node:crypto";
import { ConnectionEnded, ProtocolViolation } from "./protocol_error.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

export function md5Password(user: string, password: string, salt: Uint8Array): string {
  const md5 = (...parts: (string | Uint8Array)[]) => {
    const hash = createHash("md5");
    for (const part of parts) hash.update(part);
    return hash.digest("hex");
  };
  return `md5${md5(md5(password, user), salt)}`;
}

/** Whether a login must, may or must not be bound to the TLS session: libpq's `channel_binding`. */
export type ChannelBinding = "require" | "prefer" | "disable";

interface Exchange {
  mechanism: "SCRAM-SHA-256" | "SCRAM-SHA-256-PLUS";
  first: string;
  /** @param serverFirst AuthenticationSASLContinue @returns what to answer */
  next: (serverFirst: string) => Promise<string>;
  /** @param serverFinal AuthenticationSASLFinal @throws where the server does not know the password either */
  finish: (serverFinal: string) => void;
}

/**
 * @param mechanisms that the server offers
 * @param certificate the server's, in DER; null without TLS
 */
export async function beginScram(
  mechanisms: readonly string[],
  password: string,
  certificate: Uint8Array | null,
  binding: ChannelBinding,
): Promise<Exchange> {
  const endPoint = certificate === null || binding === "disable" || !mechanisms.includes("SCRAM-SHA-256-PLUS")
    ? null
    : await endPointOf(certificate);
  if (endPoint === null && binding === "require") {
    throw new ConnectionEnded(
      "CHANNEL_BINDING",
      certificate === null
        ? "channel_binding=require needs TLS, and the connection has none"
        : "channel_binding=require, and the server offers no SCRAM-SHA-256-PLUS",
    );
  }
  if (endPoint === null && !mechanisms.includes("SCRAM-SHA-256")) {
    throw new ConnectionEnded(
      "UNKNOWN_AUTHENTICATION",
      `the server asks for the SASL mechanisms ${mechanisms.join(", ")}, and SCRAM-SHA-256 is not among them`,
    );
  }
  // y: this side could bind, and believes that the server cannot. A server that can knows then that its
  // offer was taken out.
  const canBind = certificate !== null && binding !== "disable";
  const flag = endPoint !== null ? "p=tls-server-end-point" : canBind ? "y" : "n";
  const header = `${flag},,`;
  const nonce = crypto.getRandomValues(new Uint8Array(18)).toBase64();
  const clientFirst = `n=,r=${nonce}`;
  let serverSignature = "";
  return {
    mechanism: endPoint === null ? "SCRAM-SHA-256" : "SCRAM-SHA-256-PLUS",
    first: header + clientFirst,
    next: async (serverFirst) => {
      const { r: theirs, s: salt, i: iterations } = attributes(serverFirst);
      const count = Number(iterations);
      if (theirs === undefined || salt === undefined || !Number.isInteger(count) || count < 1) {
        throw new ProtocolViolation("the server's first SCRAM message lacks r, s or i");
      }
      if (!theirs.startsWith(nonce) || theirs.length === nonce.length) {
        throw new ProtocolViolation("the server's SCRAM nonce does not continue ours");
      }
      if (count > mostIterations) {
        throw new ProtocolViolation(
          `the server asks for ${count} SCRAM iterations; ${mostIterations} are the most`,
        );
      }
      const salted = await saltedPassword(password, base64(salt), count);
      const channel = concatenate(encoder.encode(header), endPoint ?? new Uint8Array(0)).toBase64();
      const withoutProof = `c=${channel},r=${theirs}`;
      const message = encoder.encode(`${clientFirst},${serverFirst},${withoutProof}`);
      const clientKey = await hmac(salted, "Client Key");
      const clientSignature = await hmac(await sha256(clientKey), message);
      const proof = clientKey.map((byte, index) => byte ^ clientSignature[index]!).toBase64();
      serverSignature = (await hmac(await hmac(salted, "Server Key"), message)).toBase64();
      return `${withoutProof},p=${proof}`;
    },
    finish: (serverFinal) => {
      const { v: signature, e: error } = attributes(serverFinal);
      if (error !== undefined) {
        throw new ConnectionEnded("SCRAM_REFUSED", `the server refuses the login: ${error}`);
      }
      if (serverSignature === "" || signature !== serverSignature) {
        throw new ConnectionEnded(
          "SERVER_UNPROVEN",
          "the server could not prove that it knows the password: it is not the one that was meant",
        );
      }
    },
  };
}

/** PostgreSQL's own default is 4,096. A server that asks for billions would keep the processor busy. */
const mostIterations = 1_000_000;

function attributes(text: string): Record<string, string | undefined> {
  return Object.fromEntries(text.split(",").map((part) => [part.slice(0, 1), part.slice(2)]));
}

function base64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.fromBase64(text) as Uint8Array<ArrayBuffer>;
  } catch {
    throw new ProtocolViolation("the server's SCRAM salt is no base64");
  }
}

async function saltedPassword(
  password: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const prepared = encoder.encode(await prepare(password));
  const key = await crypto.subtle.importKey("raw", prepared, "PBKDF2", false, ["deriveBits"]);
  const parameters = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 256));
}

/** As PostgreSQL does, a password that SASLprep prohibits is taken as it is. */
async function prepare(password: string): Promise<string> {
  // Of ASCII, SASLprep changes nothing.
  if (/^[\x20-\x7e]*$/.test(password)) return password;
  const { saslprep } = await import("@mongodb-js/saslprep");
  try {
    return saslprep(password);
  } catch {
    return password;
  }
}

async function hmac(key: Uint8Array<ArrayBuffer>, message: string | Uint8Array<ArrayBuffer>) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
  ]);
  const bytes = typeof message === "string" ? encoder.encode(message) : message;
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, bytes));
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

/**
 * `tls-server-end-point` (RFC 5929): the certificate's hash by the function of its own signature, SHA-256 in
 * place of MD5 and SHA-1. Null where the signature has none, such as Ed25519: PostgreSQL cannot bind then
 * either.
 */
async function endPointOf(certificate: Uint8Array): Promise<Uint8Array | null> {
  const algorithm = signatureHash(certificate);
  if (algorithm === null) return null;
  return new Uint8Array(await crypto.subtle.digest(algorithm, certificate.slice()));
}

/** The OIDs of signatures, by the last bytes of their DER. */
const signatureHashes: Record<string, string> = {
  "2a864886f70d010104": "SHA-256", // md5WithRSAEncryption
  "2a864886f70d010105": "SHA-256", // sha1WithRSAEncryption
  "2a864886f70d01010b": "SHA-256",
  "2a864886f70d01010c": "SHA-384",
  "2a864886f70d01010d": "SHA-512",
  "2a8648ce3d0401": "SHA-256", // ecdsa-with-SHA1
  "2a8648ce3d040302": "SHA-256",
  "2a8648ce3d040303": "SHA-384",
  "2a8648ce3d040304": "SHA-512",
};

/** Certificate ::= SEQUENCE { tbsCertificate SEQUENCE, signatureAlgorithm SEQUENCE { OBJECT IDENTIFIER … } … } */
function signatureHash(der: Uint8Array): string | null {
  const outer = element(der, 0);
  const body = outer && element(der, outer.start);
  const algorithm = body && element(der, body.end);
  const oid = algorithm && element(der, algorithm.start);
  if (!oid || der[algorithm.start] !== 0x06) return null;
  return signatureHashes[der.subarray(oid.start, oid.end).toHex()] ?? null;
}

/** Where the content of a DER element lies; null where its length cannot be read. */
function element(der: Uint8Array, at: number): { start: number; end: number } | null {
  const first = der[at + 1];
  if (first === undefined) return null;
  if (first < 128) return { start: at + 2, end: at + 2 + first };
  const count = first & 127;
  if (count === 0 || count > 4) return null;
  let length = 0;
  for (const byte of der.subarray(at + 2, at + 2 + count)) length = length * 256 + byte;
  return { start: at + 2 + count, end: at + 2 + count + length };
}

export function readText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new ProtocolViolation("a text of the login is no UTF-8");
  }
}
