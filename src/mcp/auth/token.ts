/**
 * Bearer tokens: an `Authorization` header to a {@link Caller}, by the issuer's keys. What was verified is
 * remembered until it expires, at most {@link maximumRemembered} headers, so that the second request with a
 * token costs a look-up.
 *
 * Imported only where the settings of tokens are there; jose with it.
 */

import { errors, type JWTHeaderParameters, type JWTPayload, jwtVerify, type JWTVerifyResult } from "jose";
import { SqlwrightError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { Caller } from "../../tool/caller.ts";
import { KeySet, type KeySetOptions, signatureAlgorithms } from "./key_set.ts";

export interface TokenOptions extends KeySetOptions {
  /** `iss` of every token, letter by letter. */
  issuer: string;
  /** One of `aud` of every token. */
  audience: string;
  /** An https address or a file. */
  keySet: string;
  log: Log;
}

/** How far the clocks of the issuer and of this machine may be apart. */
const clockTolerance_s = 10;
const maximumRemembered = 1000;
/** Of a header. */
const maximumLength = 8192;
const maximumSubjectLength = 512;

interface Remembered {
  caller: Caller;
  /** Unix time. */
  expires_ms: number;
}

export class TokenVerifier {
  readonly issuer: string;
  readonly #audience: string;
  readonly #keys: KeySet;
  readonly #log: Log;
  /** By header, the one used last at the end. */
  readonly #remembered = new Map<string, Remembered>();
  #generation: number;

  private constructor({ issuer, audience, log }: TokenOptions, keys: KeySet) {
    this.issuer = issuer;
    this.#audience = audience;
    this.#keys = keys;
    this.#log = log;
    this.#generation = keys.generation;
  }

  /** @throws {SqlwrightError} `auth.keys_unavailable` */
  static async open(options: TokenOptions): Promise<TokenVerifier> {
    return new TokenVerifier(options, await KeySet.open(options.keySet, options));
  }

  /**
   * The caller of a request, at once when its token is known. Rejects with `auth.token_missing`,
   * `auth.token_invalid` or `auth.keys_unavailable`.
   */
  verify(header: string | null): Caller | Promise<Caller> {
    const known = header === null ? undefined : this.#recall(header);
    return known ?? this.#verify(header);
  }

  #recall(header: string): Caller | undefined {
    const known = this.#remembered.get(header);
    if (known === undefined) return undefined;
    this.#keys.refreshWhenOld();
    if (this.#generation !== this.#keys.generation) {
      this.#remembered.clear();
      return undefined;
    }
    this.#remembered.delete(header);
    // One that has expired is judged anew, and told so.
    if (Date.now() >= known.expires_ms) return undefined;
    this.#remembered.set(header, known);
    return known.caller;
  }

  async #verify(header: string | null): Promise<Caller> {
    const token = readBearer(header);
    const { generation } = this.#keys;
    const { payload } = await this.#check(token).catch((error) => {
      const refused = toTokenError(error);
      if (refused.code === "auth.token_invalid") {
        this.#log.info("auth.refused", { found: refused.details.found });
      }
      throw refused;
    });
    const caller = callerOf(payload);
    // Keys that changed meanwhile may not be those that it was held against.
    if (generation === this.#keys.generation) {
      this.#remember(header!, { caller, expires_ms: (payload.exp! + clockTolerance_s) * 1000 });
    }
    return caller;
  }

  async #check(token: string): Promise<JWTVerifyResult> {
    const options = {
      algorithms: signatureAlgorithms,
      issuer: this.issuer,
      audience: this.#audience,
      clockTolerance: clockTolerance_s,
      requiredClaims: ["exp", "sub"],
    };
    try {
      return await jwtVerify(token, (named: JWTHeaderParameters) => this.#keys.find(named), options);
    } catch (error) {
      // A token that does not name its key, and several that it may mean.
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      for await (const key of error) {
        try {
          return await jwtVerify(token, key, options);
        } catch (inner) {
          if (!(inner instanceof errors.JWSSignatureVerificationFailed)) throw inner;
        }
      }
      throw new errors.JWSSignatureVerificationFailed();
    }
  }

  #remember(header: string, remembered: Remembered): void {
    if (this.#generation !== this.#keys.generation) {
      this.#remembered.clear();
      this.#generation = this.#keys.generation;
    }
    this.#remembered.set(header, remembered);
    if (this.#remembered.size <= maximumRemembered) return;
    for (const oldest of this.#remembered.keys()) {
      this.#remembered.delete(oldest);
      break;
    }
  }
}

/** The token of `Authorization: Bearer …`. */
function readBearer(header: string | null): string {
  if (header === null) {
    throw new SqlwrightError("auth.token_missing", "Cannot answer without a token", {
      hint: "Send `Authorization: Bearer <token>` in every request; a token in the address is not read",
    });
  }
  if (header.length > maximumLength) throw invalid(`it has more than ${maximumLength} characters`);
  const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header)?.[1];
  if (token === undefined) throw invalid('the Authorization header is not "Bearer" and one token');
  return token;
}

/** What the token says of its caller. */
function callerOf(payload: JWTPayload): Caller {
  const { sub, scope = "", client_id: clientId, azp } = payload;
  if (typeof sub !== "string" || sub === "" || sub.length > maximumSubjectLength) {
    throw invalid('its claim "sub" is not a text that names somebody');
  }
  if (typeof scope !== "string") throw invalid('its claim "scope" is not a text of scopes parted by spaces');
  const client = clientId ?? azp;
  return Object.freeze({
    subject: sub,
    client: typeof client === "string" ? client : null,
    scopes: new Set(scope.split(" ").filter(Boolean)),
    claims: Object.freeze(payload),
  });
}

/** By jose's codes; what it found is told, the token and its claims are not. */
function toTokenError(error: unknown): SqlwrightError {
  if (error instanceof SqlwrightError) return error;
  if (error instanceof errors.JWTExpired) return invalid("it has expired");
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason } = error;
    if (reason === "missing") return invalid(`it has no claim "${claim}"`);
    return invalid(wrongClaims[claim] ?? `its claim "${claim}" is wrong`);
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return invalid("its algorithm is not one of public keys");
  if (error instanceof errors.JWKSNoMatchingKey) return invalid("the issuer's key set has no key for it");
  if (error instanceof errors.JWSSignatureVerificationFailed) return invalid("its signature is wrong");
  return invalid("it is not a signed JWT that can be read");
}

const wrongClaims: Record<string, string> = {
  iss: "it is from another issuer",
  aud: "it was not made for this server",
  nbf: "it is not valid yet",
};

function invalid(found: string): SqlwrightError {
  return new SqlwrightError("auth.token_invalid", `Cannot accept the token: ${found}`, {
    details: { found },
    hint: "Sign in again for a new token",
  });
}
