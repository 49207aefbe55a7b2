/** The files of TLS: authorities, and the client's own certificate and key. */

import { createPrivateKey } from "node:crypto";
import { fault, fileFault, fileHint } from "./fault.ts";
import { isOpenToOthers, isThere } from "./home.ts";
import type { TlsSettings } from "./model.ts";

/** PEM. */
export interface Certificates {
  /** Null checks none; empty where the machine has none of its own, and the runtime's list counts. */
  authorities: string[] | null;
  own: { certificate: string; key: string } | null;
}

/** Where systems keep the authorities that they trust. */
export const systemFiles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** The file of the machine's authorities; null where it has none that is known. */
export function systemFile(): string | null {
  return systemFiles.find((path) => isThere(path)) ?? null;
}

/** Read for each connection: who renews a certificate need not start anything anew. */
export async function readCertificates({ authorities, own }: TlsSettings): Promise<Certificates> {
  return {
    authorities: authorities === null ? null : await readAuthorities(authorities),
    own: own === null ? null : await readOwn(own),
  };
}

async function readAuthorities(path: string): Promise<string[]> {
  const file = path === "system" ? systemFile() : path;
  if (file === null) return [];
  const text = await readPem(file, "sslrootcert", /-----BEGIN (?:TRUSTED )?CERTIFICATE-----/);
  return text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [text];
}

async function readOwn(own: NonNullable<TlsSettings["own"]>): Promise<Certificates["own"]> {
  const certificate = await readPem(own.certificate, "sslcert", /-----BEGIN CERTIFICATE-----/);
  const key = await readPem(own.key, "sslkey", /-----BEGIN [A-Z ]*PRIVATE KEY-----/);
  if (isOpenToOthers(await Deno.stat(own.key))) {
    throw fault("sslkey", `${own.key}: others than its owner may read it`, `chmod 0600 ${own.key}`);
  }
  if (!/ENCRYPTED/.test(key)) return { certificate, key };
  // The runtime's TLS takes no key under a password: it is opened here.
  try {
    const opened = createPrivateKey({ key, passphrase: own.password ?? "" });
    return { certificate, key: opened.export({ type: "pkcs8", format: "pem" }).toString() };
  } catch (error) {
    const found = own.password === null
      ? "it has a password, and there is none"
      : "sslpassword does not open it";
    throw fault("sslkey", `${own.key}: ${found}`, "Give the password of the key with sslpassword", error);
  }
}

async function readPem(path: string, parameter: string, wanted: RegExp): Promise<string> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw fault(parameter, `${path}: ${fileFault(error)}`, fileHint(error), error);
  }
  if (wanted.test(text)) return text;
  throw fault(parameter, `${path} is not in PEM`, "Convert it: openssl x509 -in FILE -outform PEM");
}
