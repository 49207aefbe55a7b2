/**
 * Who calls, and what they may use: one type for every transport, and one rule. A tool names the scopes that
 * it needs, and a caller has all of them or does not see the tool. Nothing else in the project decides that.
 */

import { SqlwrightError } from "../errors.ts";

/**
 * Who makes a call. Transports make it of what they have verified; programs pass it on or use {@link
 * localCaller}.
 */
export interface Caller {
  /** The `sub` of the token; null for the local user and for one who is unknown. */
  subject: string | null;
  /** The `client_id` (or `azp`) of the token: the program that the subject uses. */
  client: string | null;
  /** `all` without looking; else exactly these, compared letter by letter. */
  scopes: ReadonlySet<string> | "all";
  /** Of the token, as it was signed. */
  claims: Readonly<Record<string, unknown>>;
}

/** What is said of a tool where it is decided who may use it. */
export interface Guarded {
  name: string;
  /** All of them are needed; empty for everybody. */
  scopes: readonly string[];
}

const noClaims = Object.freeze({});

/**
 * The person at this machine: over stdio, at the command line, and over HTTP from loopback to loopback
 * without tokens.
 */
export const localCaller: Caller = Object.freeze({
  subject: null,
  client: null,
  scopes: "all",
  claims: noClaims,
});

/** Whoever comes from elsewhere to a server without tokens. */
export const unknownCaller: Caller = Object.freeze({
  subject: null,
  client: null,
  scopes: new Set<string>(),
  claims: noClaims,
});

/** The rule: every scope that is needed is one that the caller has. */
export function mayUse({ scopes: own }: Pick<Caller, "scopes">, needed: readonly string[]): boolean {
  return own === "all" || needed.every((scope) => own.has(scope));
}

/** @throws {SqlwrightError} `auth.scope_missing` */
export function authorize(caller: Caller, tool: Guarded): void {
  if (!mayUse(caller, tool.scopes)) throw scopeMissing(caller, tool);
}

export function scopeMissing({ subject, scopes: own }: Caller, { name, scopes }: Guarded): SqlwrightError {
  const missing = scopes.filter((scope) => own !== "all" && !own.has(scope));
  const words = `${missing.length === 1 ? "the scope" : "the scopes"} ${missing.join(" ")}`;
  return new SqlwrightError(
    "auth.scope_missing",
    `Cannot use "${name}": ${
      subject === null ? `it needs ${words}, and this call has no token` : `the token does not carry ${words}`
    }`,
    {
      details: { tool: name, scopes: [...scopes], missing },
      hint: subject === null
        ? "Call from the server's own machine, or let its operator set SQLWRIGHT_AUTH_ISSUER and send a token"
        : `Sign in again and ask for the scopes ${scopes.join(" ")}`,
    },
  );
}
