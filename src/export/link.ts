/**
 * A link to an export: what to export, until when, and a signature. The server keeps nothing of it, so any
 * process with the same secret answers it, and nobody can change what it says.
 */

import { parseExact } from "../exact_number.ts";
import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";
import { SqlwrightError } from "../errors.ts";
import { type ExportFormat, exportFormats } from "./format/format.ts";
import type { ExportRequest } from "./run.ts";

/** How long a link may be used. */
export const linkTtl_ms = 10 * 60_000;
/** Of a token: proxies and browsers cut longer addresses. */
const maximumLength = 6000;
const signatureBytes = 32;

interface Payload {
  t: string;
  a: Record<string, unknown>;
  f: ExportFormat;
  /** The subject who asked. */
  s?: string;
  /** Unix seconds. */
  e: number;
}

/** @throws {SqlwrightError} `export.refused` when the arguments make the link too long */
export function writeLink(
  { tool, args, format, subject = null }: ExportRequest,
  expiresAt: Date,
  secret: Uint8Array,
): string {
  const payload: Payload = {
    t: tool,
    a: args,
    f: format,
    ...(subject === null ? {} : { s: subject }),
    e: Math.floor(expiresAt.getTime() / 1000),
  };
  const bytes = Buffer.from(JSON.stringify(payload));
  const token = Buffer.concat([sign(bytes, secret), bytes]).toString("base64url");
  if (token.length <= maximumLength) return token;
  throw new SqlwrightError(
    "export.refused",
    `Cannot export ${tool}: its arguments are too long for an address`,
    {
      details: { length: token.length, maximum: maximumLength },
      hint: "Send fewer values, or use `sqlwright export`, which has no such limit",
    },
  );
}

/** @throws {SqlwrightError} `export.link_invalid` or `export.link_expired` */
export function readLink(token: string, secret: Uint8Array, now = new Date()): ExportRequest {
  const invalid = () =>
    new SqlwrightError("export.link_invalid", "Cannot export: this is no link that the server has made", {
      hint: "Call sqlwright_export for a link, and use it unchanged",
    });
  if (token.length > maximumLength || !/^[A-Za-z0-9_-]+$/.test(token)) throw invalid();
  const bytes = Buffer.from(token, "base64url");
  const payload = bytes.subarray(signatureBytes);
  if (
    bytes.length <= signatureBytes ||
    !timingSafeEqual(bytes.subarray(0, signatureBytes), sign(payload, secret))
  ) throw invalid();
  const { t, a, f, s, e } = parseExact(payload.toString()) as Payload;
  if (now.getTime() >= e * 1000) {
    throw new SqlwrightError("export.link_expired", "Cannot export: the link has expired", {
      details: { expired_at: new Date(e * 1000).toISOString() },
      hint: "Call sqlwright_export again for a new link",
    });
  }
  if (!exportFormats.includes(f)) throw invalid();
  return { tool: t, args: a, format: f, ...(s === undefined ? {} : { subject: s }) };
}

/** The secret also signs cursors: neither may be taken for the other. */
function sign(payload: Uint8Array, secret: Uint8Array): Uint8Array {
  return createHmac("sha256", secret).update("sqlwright export\0").update(payload).digest();
}
