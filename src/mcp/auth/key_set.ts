/**
 * The issuer's public keys: read from SQLWRIGHT_AUTH_JWKS at the start, and again when they are old or when a
 * token names a key that is not among them. One request at a time, with a pause after each; what cannot be
 * read fails closed.
 *
 * jose's `createRemoteJWKSet` keeps the keys, their age and the one request. What it reads comes from here,
 * because it would read answers of any size, knows no files, and takes a set that is out of reach for one
 * that has no such key.
 */

import {
  createRemoteJWKSet,
  type CryptoKey,
  customFetch,
  errors,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  type JWSHeaderParameters,
} from "jose";
import { SqlwrightError } from "../../errors.ts";
import { readBounded } from "../../load/source/bytes.ts";
import type { Log } from "../../log.ts";
import { isWebAddress } from "../../permissions.ts";

export interface KeySetOptions {
  log: Log;
  /** How long one reading may take. @default 5000 */
  timeout_ms?: number;
  /** After this the keys are read again, so that one that was withdrawn is forgotten. @default 600000 */
  maximumAge_ms?: number;
  /** After a token has named an unknown key, how long none is asked for again. @default 30000 */
  cooldown_ms?: number;
  /** After a failure, how long until the next try. @default 5000 */
  retry_ms?: number;
}

/** Only signatures whose public key says nothing of the private one. */
export const signatureAlgorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

const maximumBytes = 256 * 1024;
const maximumKeys = 100;
const minimumModulusBits = 2048;

export class KeySet {
  readonly #location: string;
  readonly #options: Required<KeySetOptions>;
  readonly #keys: ReturnType<typeof createRemoteJWKSet>;
  #generation = 0;
  /** The keys that are in use, as JSON; empty before the first. */
  #known = "";
  /** When a key that is unknown was last asked for, and when reading last failed. */
  #missed_ms = -Infinity;
  #failed_ms = -Infinity;
  #failure: unknown = null;

  private constructor(location: string, options: KeySetOptions) {
    this.#location = location;
    this.#options = {
      timeout_ms: 5000,
      maximumAge_ms: 10 * 60_000,
      cooldown_ms: 30_000,
      retry_ms: 5000,
      ...options,
    };
    // jose wants an address also where a file is read.
    this.#keys = createRemoteJWKSet(new URL(isWebAddress(location) ? location : "file:///"), {
      timeoutDuration: this.#options.timeout_ms,
      cacheMaxAge: this.#options.maximumAge_ms,
      // jose's pause begins with each reading, so a key that is rotated right after one would be refused for
      // all of it. Ours, in `find`, begins when an unknown key was asked for.
      cooldownDuration: Infinity,
      [customFetch]: (_url, { signal }) => this.#read(signal),
    });
  }

  /**
   * @throws {SqlwrightError} `auth.keys_unavailable` when it cannot be read or holds no key that can be used
   */
  static async open(location: string, options: KeySetOptions): Promise<KeySet> {
    const keySet = new KeySet(location, options);
    await keySet.#reload();
    return keySet;
  }

  /** Another number after each change of the keys: what was verified before is to be verified again. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * The key that a token names.
   * @throws {SqlwrightError} `auth.keys_unavailable`; jose's errors for a key that is not there or not clear
   */
  async find(header: JWSHeaderParameters): Promise<CryptoKey> {
    if (!this.#keys.fresh) await this.#reload();
    try {
      return await this.#keys(header);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      const now_ms = performance.now();
      // One reading serves all who wait; after it the key stays unknown for a while. A failure has a pause of
      // its own.
      const isPaused = now_ms - this.#missed_ms < this.#options.cooldown_ms;
      if (isPaused && !this.#keys.reloading && this.#failure === null) throw error;
      this.#missed_ms = now_ms;
      await this.#reload();
      return await this.#keys(header);
    }
  }

  /** For a caller that needs no key, because it remembers what it has verified. */
  refreshWhenOld(): void {
    if (!this.#keys.fresh && !this.#keys.reloading) this.#reload().catch(() => {});
  }

  /**
   * The generation changes after the keys have, so that nothing is remembered that was verified with those
   * before.
   */
  async #reload(): Promise<void> {
    await this.#keys.reload();
    const known = JSON.stringify(this.#keys.jwks());
    if (known === this.#known) return;
    if (this.#known !== "") {
      this.#generation++;
      this.#options.log.info("auth.keys_changed");
    }
    this.#known = known;
  }

  /** What jose fetches: the usable keys. After a failure they are not read again before a pause. */
  async #read(signal: AbortSignal | undefined): Promise<Response> {
    const { timeout_ms, retry_ms, log } = this.#options;
    if (this.#failure !== null && performance.now() - this.#failed_ms < retry_ms) throw this.#failure;
    try {
      const keys = await readKeys(this.#location, {
        signal: signal ?? AbortSignal.timeout(timeout_ms),
        timeout_ms,
      });
      this.#failure = null;
      return Response.json({ keys });
    } catch (error) {
      this.#failed_ms = performance.now();
      this.#failure = error;
      // That of the first reading stops the start, which shows it.
      if (this.#known !== "") log.warn("auth.keys_unavailable", { error });
      throw error;
    }
  }
}

interface ReadOptions {
  signal: AbortSignal;
  /** When the signal comes, for messages. */
  timeout_ms: number;
}

async function readKeys(location: string, options: ReadOptions): Promise<JWK[]> {
  const bytes = isWebAddress(location) ? await fetchBytes(location, options) : await readFileBytes(location);
  let set: unknown;
  try {
    set = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw unavailable(location, "what is there is not JSON");
  }
  if (!isKeySet(set)) throw unavailable(location, 'what is there is not a JSON Web Key Set with "keys"');
  if (set.keys.length > maximumKeys) {
    throw unavailable(location, `it has ${set.keys.length} keys, and ${maximumKeys} are the most`);
  }
  const keys: JWK[] = [];
  for (const key of set.keys) if (await isUsable(key)) keys.push(key);
  if (keys.length === 0) {
    throw unavailable(location, `none of its ${set.keys.length} keys is a public key for signatures`);
  }
  return keys;
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  if (typeof value !== "object" || value === null || !("keys" in value)) return false;
  return Array.isArray(value.keys) && value.keys.every((key) => typeof key === "object" && key !== null);
}

/**
 * A shared secret or a private key is no key to verify with, and neither is one that was made for something
 * else.
 */
async function isUsable(key: JWK): Promise<boolean> {
  if (!["RSA", "EC", "OKP"].includes(key.kty ?? "") || "d" in key) return false;
  if (key.use !== undefined && key.use !== "sig") return false;
  if (key.key_ops !== undefined && !key.key_ops.includes("verify")) return false;
  if (key.alg !== undefined && !signatureAlgorithms.includes(key.alg)) return false;
  try {
    const imported = await importJWK(key, key.alg ?? algorithmOf(key));
    if (imported instanceof Uint8Array || imported.type !== "public") return false;
    // Deno imports points of any length, and fails only when it verifies with them.
    const coordinates = key.kty === "RSA" ? [] : key.kty === "EC" ? [key.x, key.y] : [key.x];
    const length = coordinateLengths[key.crv ?? ""];
    if (coordinates.some((text) => base64UrlLength(text) !== length)) return false;
    const { modulusLength } = imported.algorithm as { modulusLength?: number };
    return modulusLength === undefined || modulusLength >= minimumModulusBits;
  } catch {
    return false;
  }
}

/** Bytes, by curve. */
const coordinateLengths: Record<string, number> = { "P-256": 32, "P-384": 48, "P-521": 66, Ed25519: 32 };

const base64UrlLength = (text: string | undefined) => Math.floor((text?.length ?? 0) * 3 / 4);

/** Any that the key can be used with. */
function algorithmOf({ kty, crv }: JWK): string {
  const byCurve: Record<string, string> = { "P-256": "ES256", "P-384": "ES384", "P-521": "ES512" };
  return kty === "RSA" ? "RS256" : kty === "EC" ? byCurve[crv ?? ""] ?? "ES256" : "EdDSA";
}

async function fetchBytes(url: string, { signal, timeout_ms }: ReadOptions): Promise<Uint8Array> {
  let found = "it did not answer";
  try {
    // Another address could be anybody's, and the sandbox knows this one only.
    const response = await fetch(url, {
      signal,
      redirect: "manual",
      headers: { accept: "application/json" },
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw unavailable(url, `it answers ${response.status} instead of 200`);
    }
    found = "its answer broke off";
    return response.body === null ? new Uint8Array() : await readLimited(url, response.body);
  } catch (error) {
    if (error instanceof SqlwrightError) throw error;
    throw unavailable(url, signal.aborted ? `no whole answer came within ${timeout_ms} ms` : found, error);
  }
}

async function readFileBytes(path: string): Promise<Uint8Array> {
  try {
    using file = await Deno.open(path, { read: true });
    return await readLimited(path, file.readable);
  } catch (error) {
    if (error instanceof SqlwrightError) throw error;
    const found = error instanceof Deno.errors.NotFound ? "there is no such file" : "the file cannot be read";
    throw unavailable(path, found, error);
  }
}

async function readLimited(location: string, body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const bytes = await readBounded(body, maximumBytes);
  if (bytes === null) throw unavailable(location, `it has more than ${maximumBytes} bytes`);
  return bytes;
}

function unavailable(location: string, found: string, cause?: unknown): SqlwrightError {
  return new SqlwrightError("auth.keys_unavailable", `Cannot read the key set "${location}": ${found}`, {
    details: { key_set: location },
    hint:
      "Check SQLWRIGHT_AUTH_JWKS: the issuer's address for its public keys (`jwks_uri`), or a file with them",
    cause,
  });
}
