/**
 * The issuer's public keys: read from SQLWRIGHT_AUTH_JWKS at the start, and again when they are old or when a token names a key that is
 * not among them. One request at a time, bounded in time and bytes, with a pause after each; what cannot be read fails closed.
 *
 * Not jose's `createRemoteJWKSet`: it reads answers of any size, knows no files, and cannot tell a key that is unknown from a set that is
 * out of reach.
 */

import {
  createLocalJWKSet,
  type CryptoKey,
  errors,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  type JWSHeaderParameters,
} from "jose";
import { SqlwrightError } from "../../errors.ts";
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
  readonly #log: Log;
  readonly #timeout_ms: number;
  readonly #maximumAge_ms: number;
  readonly #cooldown_ms: number;
  readonly #retry_ms: number;
  #find: ReturnType<typeof createLocalJWKSet>;
  #text: string;
  #generation = 0;
  #read_ms = performance.now();
  /** When an unknown key was last asked for, and when reading last failed. */
  #missed_ms = -Infinity;
  #failed_ms = -Infinity;
  #failure: SqlwrightError | null = null;
  #reading: Promise<void> | null = null;

  private constructor(location: string, first: Keys, options: KeySetOptions) {
    this.#location = location;
    this.#log = options.log;
    this.#timeout_ms = options.timeout_ms ?? defaultTimeout_ms;
    this.#maximumAge_ms = options.maximumAge_ms ?? 10 * 60_000;
    this.#cooldown_ms = options.cooldown_ms ?? 30_000;
    this.#retry_ms = options.retry_ms ?? 5000;
    this.#find = first.find;
    this.#text = first.text;
  }

  /** @throws {SqlwrightError} `auth.keys_unavailable` when it cannot be read or holds no key that can be used */
  static async open(location: string, options: KeySetOptions): Promise<KeySet> {
    return new KeySet(location, await readKeys(location, options.timeout_ms ?? defaultTimeout_ms), options);
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
    if (this.#isOld()) await this.#refresh();
    try {
      return await this.#find(header);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      // One reading serves all who wait; after it the key stays unknown for a while.
      const isPaused = this.#failure === null
        ? performance.now() - this.#missed_ms < this.#cooldown_ms
        : !this.#mayRetry();
      if (this.#reading === null && isPaused) throw this.#failure ?? error;
      this.#missed_ms = performance.now();
      await this.#refresh();
      return await this.#find(header);
    }
  }

  /** For whoever asks no key because it remembers what it has verified. */
  refreshWhenOld(): void {
    if (this.#isOld() && this.#reading === null && this.#mayRetry()) this.#refresh().catch(() => {});
  }

  #isOld(): boolean {
    return performance.now() - this.#read_ms > this.#maximumAge_ms;
  }

  #mayRetry(): boolean {
    return performance.now() - this.#failed_ms >= this.#retry_ms;
  }

  #refresh(): Promise<void> {
    if (this.#reading !== null) return this.#reading;
    if (this.#failure !== null && !this.#mayRetry()) return Promise.reject(this.#failure);
    return this.#reading = this.#readAgain().finally(() => this.#reading = null);
  }

  async #readAgain(): Promise<void> {
    try {
      const { text, find } = await readKeys(this.#location, this.#timeout_ms);
      this.#failure = null;
      this.#read_ms = performance.now();
      if (text === this.#text) return;
      this.#find = find;
      this.#text = text;
      this.#generation++;
      this.#log.info("auth.keys_changed");
    } catch (error) {
      this.#failed_ms = performance.now();
      this.#failure = error instanceof SqlwrightError
        ? error
        : unavailable(this.#location, "reading them failed", error);
      this.#log.warn("auth.keys_unavailable", { error: this.#failure });
      throw this.#failure;
    }
  }
}

const defaultTimeout_ms = 5000;

interface Keys {
  text: string;
  find: ReturnType<typeof createLocalJWKSet>;
}

async function readKeys(location: string, timeout_ms: number): Promise<Keys> {
  const bytes = isWebAddress(location)
    ? await fetchBytes(location, timeout_ms)
    : await readFileBytes(location);
  let text: string;
  let set: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    set = JSON.parse(text);
  } catch {
    throw unavailable(location, "what is there is not JSON");
  }
  if (!isKeySet(set)) throw unavailable(location, 'what is there is not a JSON Web Key Set with "keys"');
  if (set.keys.length > maximumKeys) {
    throw unavailable(location, `it has ${set.keys.length} keys, and ${maximumKeys} are the most`);
  }
  const usable: JWK[] = [];
  for (const key of set.keys) if (await isUsable(key)) usable.push(key);
  if (usable.length === 0) {
    throw unavailable(location, `none of its ${set.keys.length} keys is a public key for signatures`);
  }
  return { text, find: createLocalJWKSet({ keys: usable }) };
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  if (typeof value !== "object" || value === null || !("keys" in value)) return false;
  return Array.isArray(value.keys) && value.keys.every((key) => typeof key === "object" && key !== null);
}

/** A shared secret or a private key is no key to verify with, and neither is one that was made for something else. */
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

async function fetchBytes(url: string, timeout_ms: number): Promise<Uint8Array> {
  const signal = AbortSignal.timeout(timeout_ms);
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
    return await readBounded(url, response.body ?? new ReadableStream());
  } catch (error) {
    if (error instanceof SqlwrightError) throw error;
    throw unavailable(url, signal.aborted ? `no whole answer came within ${timeout_ms} ms` : found, error);
  }
}

async function readFileBytes(path: string): Promise<Uint8Array> {
  try {
    using file = await Deno.open(path, { read: true });
    return await readBounded(path, file.readable);
  } catch (error) {
    if (error instanceof SqlwrightError) throw error;
    const found = error instanceof Deno.errors.NotFound ? "there is no such file" : "the file cannot be read";
    throw unavailable(path, found, error);
  }
}

async function readBounded(location: string, body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maximumBytes) throw unavailable(location, `it has more than ${maximumBytes} bytes`);
    chunks.push(chunk);
  }
  return await new Blob(chunks as BlobPart[]).bytes();
}

function unavailable(location: string, found: string, cause?: unknown): SqlwrightError {
  return new SqlwrightError("auth.keys_unavailable", `Cannot read the key set "${location}": ${found}`, {
    details: { key_set: location },
    hint:
      "Check SQLWRIGHT_AUTH_JWKS: the issuer's address for its public keys (`jwks_uri`), or a file with them",
    cause,
  });
}
