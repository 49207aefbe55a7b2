/** An issuer of tokens on loopback: real keys, real signatures, and a key set that can be made to misbehave. */

import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from "jose";
import { createLog } from "../../../src/log.ts";
import { TokenVerifier } from "../../../src/mcp/auth/token.ts";

export const issuerName = "https://issuer.example";
export const audienceName = "https://tools.example/mcp";

interface SigningKey {
  kid: string;
  alg: string;
  privateKey: CryptoKey;
  publicJwk: JWK;
  /** As text: what a forger would use as a shared secret. */
  spki: string;
}

export interface TokenParts {
  /** Undefined leaves a claim out. */
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
  key?: SigningKey;
}

export interface Issuer {
  /** Of the key set. */
  url: string;
  key: SigningKey;
  /** What the key set has; replace it to rotate. */
  published: Record<string, unknown>[];
  /** How often the key set was asked for. */
  asked: number;
  /** Answers for the key set, while set. */
  misbehave: (() => Response | Promise<Response>) | null;
  token(parts?: TokenParts): Promise<string>;
  /** `Bearer …` of a subject with scopes. */
  bearer(subject: string, scope?: string, more?: Record<string, unknown>): Promise<string>;
}

export async function makeKey(kid: string, alg = "RS256"): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const publicJwk = { ...await exportJWK(publicKey), kid, alg, use: "sig" };
  return { kid, alg, privateKey, publicJwk, spki: await exportSPKI(publicKey) };
}

export async function withIssuer<T>(use: (issuer: Issuer) => Promise<T>, alg = "ES256"): Promise<T> {
  const key = await makeKey("first", alg);
  const token = async ({ claims = {}, header = {}, key: signing = issuer.key }: TokenParts = {}) => {
    const now_s = Math.floor(Date.now() / 1000);
    const all = { iss: issuerName, aud: audienceName, sub: "ada", iat: now_s, exp: now_s + 300, ...claims };
    return await new SignJWT(JSON.parse(JSON.stringify(all)))
      .setProtectedHeader({ alg: signing.alg, kid: signing.kid, ...header })
      .sign(signing.privateKey);
  };
  const issuer: Issuer = {
    url: "",
    key,
    published: [{ ...key.publicJwk }],
    asked: 0,
    misbehave: null,
    token,
    bearer: async (sub, scope, more = {}) => `Bearer ${await token({ claims: { sub, scope, ...more } })}`,
  };
  const end = new AbortController();
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {}, signal: end.signal };
  const server = Deno.serve(options, () => {
    issuer.asked++;
    return issuer.misbehave?.() ?? Response.json({ keys: issuer.published });
  });
  issuer.url = `http://127.0.0.1:${server.addr.port}/jwks`;
  try {
    return await use(issuer);
  } finally {
    // Not a shutdown: that waits for connections that are kept for later.
    end.abort();
    await server.finished;
  }
}

export async function openVerifier(
  keySet: string,
  options: Partial<Parameters<typeof TokenVerifier.open>[0]> = {},
): Promise<TokenVerifier> {
  return await TokenVerifier.open({
    issuer: issuerName,
    audience: audienceName,
    keySet,
    log: createLog({ level: "error", write: () => {} }),
    ...options,
  });
}
