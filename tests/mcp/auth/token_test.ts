/** Tokens and the keys that they are held against: what is accepted, each thing that is not, and keys that are out of reach. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { SignJWT } from "jose";
import { SqlwrightError } from "../../../src/errors.ts";
import { until } from "../../harness.ts";
import { memoryLog } from "../echo_application.ts";
import type { TokenVerifier } from "../../../src/mcp/auth/token.ts";
import { audienceName, type Issuer, issuerName, makeKey, openVerifier, withIssuer } from "./issuer.ts";

const soon = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

/** What a refusal says, as `code: what was found`. */
async function refusal(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof SqlwrightError, String(error));
    return `${error.code}: ${error.details.found ?? error.message}`;
  }
  return assert.fail("it was accepted");
}

/** The caller, or null. */
const verdict = async (verifier: TokenVerifier, header: string) =>
  await Promise.resolve(verifier.verify(header)).catch(() => null);

for (const alg of ["RS256", "PS384", "ES256", "ES512", "EdDSA"]) {
  Deno.test(`a token signed with ${alg} is its caller`, async () => {
    await withIssuer(async ({ url, bearer }) => {
      const verifier = await openVerifier(url);
      const caller = await verifier.verify(
        await bearer("ada", "edgar:load  edgar:sync", { client_id: "claude", team: 7 }),
      );
      assert.deepEqual({ ...caller, claims: caller.claims.team }, {
        subject: "ada",
        client: "claude",
        scopes: new Set(["edgar:load", "edgar:sync"]),
        claims: 7,
      });
    }, alg);
  });
}

Deno.test("what is wrong with a token is told, and nothing of the token is", async () => {
  await withIssuer(async (issuer) => {
    const { log, lines } = memoryLog();
    const verifier = await openVerifier(issuer.url, { log });
    const { token, key } = issuer;
    const stranger = await makeKey(key.kid, key.alg);
    const hmac = (secret: string) =>
      new SignJWT({ sub: "ada" }).setIssuer(issuerName).setAudience(audienceName).setExpirationTime("5m")
        .setProtectedHeader({ alg: "HS256", kid: key.kid }).sign(new TextEncoder().encode(secret));
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = { iss: issuerName, aud: audienceName, sub: "ada", exp: soon(300) };
    const right = await token();
    const cases: [string, string, string][] = [
      ["another key", await token({ key: stranger }), "its signature is wrong"],
      [
        "a changed claim",
        right.replace(/\.[^.]+\./, `.${part({ ...claims, sub: "root" })}.`),
        "its signature is wrong",
      ],
      ["alg none", `${part({ alg: "none" })}.${part(claims)}.`, "its algorithm is not one of public keys"],
      ["alg NONE", `${part({ alg: "NONE" })}.${part(claims)}.`, "its algorithm is not one of public keys"],
      ["HS256 with the public key", await hmac(key.spki), "its algorithm is not one of public keys"],
      ["another issuer", await token({ claims: { iss: `${issuerName}/` } }), "it is from another issuer"],
      ["no issuer", await token({ claims: { iss: undefined } }), 'it has no claim "iss"'],
      ["another audience", await token({ claims: { aud: ["a", "b"] } }), "it was not made for this server"],
      ["no audience", await token({ claims: { aud: undefined } }), 'it has no claim "aud"'],
      ["expired", await token({ claims: { exp: soon(-30) } }), "it has expired"],
      ["without end", await token({ claims: { exp: undefined } }), 'it has no claim "exp"'],
      ["not yet valid", await token({ claims: { nbf: soon(60) } }), "it is not valid yet"],
      ["nobody", await token({ claims: { sub: undefined } }), 'it has no claim "sub"'],
      [
        "an empty name",
        await token({ claims: { sub: "" } }),
        'its claim "sub" is not a text that names somebody',
      ],
      [
        "scopes as a list",
        await token({ claims: { scope: ["a"] } }),
        'its claim "scope" is not a text of scopes parted by spaces',
      ],
      [
        "a key that is unknown",
        await token({ header: { kid: "other" } }),
        "the issuer's key set has no key for it",
      ],
      [
        "something critical",
        await token({ header: { crit: ["x"], x: 1 } }).catch(() => "a.b.c"),
        "it is not a signed JWT that can be read",
      ],
      ["half of it", right.slice(0, right.length / 2), "it is not a signed JWT that can be read"],
      ["a word", "token", "it is not a signed JWT that can be read"],
    ];
    for (const [what, text, found] of cases) {
      assert.equal(
        await refusal(() => verifier.verify(`Bearer ${text}`)),
        `auth.token_invalid: ${found}`,
        what,
      );
    }
    const odd = 'the Authorization header is not "Bearer" and one token';
    for (
      const header of ["", "Bearer", "Bearer ", right, `Basic ${right}`, `Bearer ${right}, Bearer ${right}`]
    ) {
      assert.equal(
        await refusal(() => verifier.verify(header)),
        `auth.token_invalid: ${odd}`,
        header.slice(0, 20),
      );
    }
    assert.equal(
      await refusal(() => verifier.verify(`Bearer ${"a".repeat(9000)}`)),
      "auth.token_invalid: it has more than 8192 characters",
    );
    assert.match(await refusal(() => verifier.verify(null)), /^auth\.token_missing/);
    const [, payload, signature] = right.split(".");
    for (const secret of [payload!, signature!, "root"]) {
      assert.ok(!lines.some((line) => line.includes(secret)), "the log has nothing of a token");
    }
    assert.ok(lines.some((line) => line.includes("auth.refused")));
  });
});

Deno.test("a token is remembered until it expires, and not a second longer", async () => {
  await withIssuer(async ({ url, bearer }) => {
    const verifier = await openVerifier(url);
    // Ten seconds of tolerance are for the clocks.
    const header = await bearer("ada", "a", { exp: soon(-9) });
    const caller = await verifier.verify(header);
    assert.equal(verifier.verify(header), caller, "known at once, without a promise");
    await until("it has expired", async () => await verdict(verifier, header) !== caller, 3000);
    assert.equal(await refusal(() => verifier.verify(header)), "auth.token_invalid: it has expired");
  });
});

Deno.test("keys are rotated without a restart; an unknown one is asked for once, however many ask", async () => {
  await withIssuer(async (issuer) => {
    const verifier = await openVerifier(issuer.url, { cooldown_ms: 200 });
    const old = await issuer.bearer("ada");
    await verifier.verify(old);
    assert.equal(issuer.asked, 1);

    const second = await makeKey("second", "ES256");
    issuer.published = [{ ...second.publicJwk }];
    const rotated = await issuer.token({ key: second });
    const callers = await Promise.all(
      Array.from({ length: 50 }, () => verifier.verify(`Bearer ${rotated}`)),
    );
    assert.deepEqual(new Set(callers.map(({ subject }) => subject)), new Set(["ada"]));
    assert.equal(issuer.asked, 2, "fifty who waited cost one request");
    // Its key was withdrawn: what was verified by it is forgotten.
    assert.match(await refusal(() => verifier.verify(old)), /the issuer's key set has no key for it/);

    const unknown = await issuer.token({ header: { kid: "third" } });
    for (let count = 0; count < 20; count++) await refusal(() => verifier.verify(`Bearer ${unknown}`));
    assert.equal(issuer.asked, 2, "nobody can make the server ask again and again");
    const third = await makeKey("third", "ES256");
    issuer.published = [{ ...second.publicJwk }, { ...third.publicJwk }];
    const late = `Bearer ${await issuer.token({ key: third })}`;
    await until("the pause is over", async () => {
      return await verdict(verifier, late) !== null;
    });
    assert.equal(issuer.asked, 3);
  });
});

Deno.test("a token that does not name its key is held against each that it may mean", async () => {
  await withIssuer(async (issuer) => {
    const second = await makeKey("second", "ES256");
    issuer.published = [{ ...issuer.key.publicJwk }, { ...second.publicJwk }];
    const verifier = await openVerifier(issuer.url);
    const header = { kid: undefined };
    const nameless = JSON.parse(JSON.stringify(header));
    assert.deepEqual(nameless, {});
    for (const key of [issuer.key, second]) {
      const token = await issuer.token({ key, header });
      assert.equal((await verifier.verify(`Bearer ${token}`)).subject, "ada");
    }
    const token = await issuer.token({ key: await makeKey("x", "ES256"), header });
    assert.match(await refusal(() => verifier.verify(`Bearer ${token}`)), /its signature is wrong/);
  });
});

const slow = () => new Promise<Response>((resolve) => setTimeout(() => resolve(new Response("{}")), 400));
const cut = () =>
  new Response(
    new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode('{"keys": ['));
        controller.close();
      },
    }),
  );
const misbehaviours: [string, NonNullable<Issuer["misbehave"]>, RegExp][] = [
  ["500", () => new Response("{}", { status: 500 }), /it answers 500 instead of 200/],
  ["a page", () => new Response("<html>Sign in</html>"), /what is there is not JSON/],
  ["half an answer", cut, /what is there is not JSON/],
  ["no answer in time", slow, /no whole answer came within 100 ms/],
  ["a redirect", () => Response.redirect("https://elsewhere.example/jwks"), /it answers 302 instead of 200/],
  ["another JSON", () => Response.json({ issuer: "x" }), /is not a JSON Web Key Set/],
  ["an endless one", () => new Response("x".repeat(300_000)), /it has more than 262144 bytes/],
  ["no keys", () => Response.json({ keys: [] }), /none of its 0 keys is a public key for signatures/],
];

for (const [what, misbehave, found] of misbehaviours) {
  Deno.test(`a key set that answers ${what} stops the start, and later lets nobody in`, async () => {
    await withIssuer(async (issuer) => {
      const header = await issuer.bearer("ada");
      const options = { timeout_ms: 100, maximumAge_ms: 50, retry_ms: 100 };
      issuer.misbehave = misbehave;
      assert.match(
        await refusal(() => openVerifier(issuer.url, options)),
        new RegExp(`^auth\\.keys_unavailable: .*${found.source}`),
      );

      issuer.misbehave = null;
      const verifier = await openVerifier(issuer.url, options);
      issuer.misbehave = misbehave;
      await until("the keys are old", async () => {
        const answer = await Promise.resolve(verifier.verify(await issuer.bearer(crypto.randomUUID()))).catch(
          (error) => error,
        );
        return answer instanceof SqlwrightError && answer.code === "auth.keys_unavailable";
      });
      const before = issuer.asked;
      await refusal(() => verifier.verify(header));
      await refusal(() => verifier.verify(header));
      assert.ok(issuer.asked <= before + 1, "a failure has its pause too");

      issuer.misbehave = null;
      await until(
        "it recovers by itself",
        async () => await verdict(verifier, header) !== null,
      );
    });
  });
}

Deno.test("keys that cannot check a signature are none: shared secrets, private ones, short ones, other uses", async () => {
  await withIssuer(async (issuer) => {
    const { publicJwk } = issuer.key;
    const useless = [
      { kty: "oct", k: "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ", alg: "HS256" },
      { ...publicJwk, use: "enc" },
      { ...publicJwk, d: publicJwk.x },
      { ...publicJwk, key_ops: ["encrypt"] },
      { ...publicJwk, alg: "RSA-OAEP" },
      { kty: "RSA", n: "sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri23bOdgWp4Dy1Wl", e: "AQAB" },
      { kty: "EC", crv: "P-256", x: "AA", y: "AA" },
    ];
    issuer.published = useless;
    assert.match(
      await refusal(() => openVerifier(issuer.url)),
      /none of its 7 keys is a public key for signatures/,
    );
    issuer.published = [...useless, { ...publicJwk }];
    assert.equal((await (await openVerifier(issuer.url)).verify(await issuer.bearer("ada"))).subject, "ada");
  });
});

Deno.test("a key set may be a file, which is read again when a key is unknown", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await withIssuer(async (issuer) => {
      const path = join(directory, "jwks.json");
      assert.match(
        await refusal(() => openVerifier(path)),
        /Cannot read the key set ".*jwks\.json": there is no such file/,
      );
      await Deno.writeTextFile(path, JSON.stringify({ keys: issuer.published }));
      const verifier = await openVerifier(path);
      assert.equal((await verifier.verify(await issuer.bearer("ada"))).subject, "ada");
      const second = await makeKey("second", "ES256");
      await Deno.writeTextFile(path, JSON.stringify({ keys: [second.publicJwk] }));
      assert.equal((await verifier.verify(`Bearer ${await issuer.token({ key: second })}`)).subject, "ada");
      assert.equal(issuer.asked, 0);
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("the second request with a token costs microseconds, among a thousand others", async () => {
  await withIssuer(async ({ url, bearer }) => {
    const verifier = await openVerifier(url);
    const header = await bearer("ada", "edgar:load edgar:sync");
    await verifier.verify(header);
    const count = 10_000;
    const started_ms = performance.now();
    for (let index = 0; index < count; index++) assert.ok(!(verifier.verify(header) instanceof Promise));
    const each_us = (performance.now() - started_ms) / count * 1000;
    assert.ok(each_us < 100, `${each_us} µs`);
    // Ones that are used stay; of others a thousand are remembered.
    const first = await bearer("other");
    await verifier.verify(first);
    for (let index = 0; index < 1000; index++) {
      await verifier.verify(await bearer(`many ${index}`));
      verifier.verify(header);
    }
    assert.ok(!(verifier.verify(header) instanceof Promise));
    const forgotten = verifier.verify(first);
    assert.ok(forgotten instanceof Promise);
    await forgotten;
  });
});
