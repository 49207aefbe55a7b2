/** libpq's parameters of TLS → what is demanded, and the files it takes. */

import { fault } from "./fault.ts";
import { type CertificateFile, homeFile, isThere } from "./home.ts";
import { type Environment, tlsModes, type TlsSettings } from "./model.ts";

interface Values {
  get: (name: string) => string | null;
  from: (name: string) => string;
  choose: <const T extends string>(name: string, choices: readonly T[], fallback: T) => T;
}

/** @throws {SqlwrightError} `config.invalid` */
export function readTls(values: Values, environment: Environment): TlsSettings {
  const isRequired = values.get("requiressl") === "1";
  const rootFile = values.get("sslrootcert");
  const mode = values.choose(
    "sslmode",
    tlsModes,
    rootFile === "system" ? "verify-full" : isRequired ? "require" : "prefer",
  );
  const ownFile = (name: CertificateFile) => {
    const path = homeFile(environment, name);
    return isThere(path) ? path : null;
  };
  if (rootFile === "system" && mode !== "verify-full") {
    throw fault(
      values.from("sslmode"),
      `sslmode=${mode} with sslrootcert=system would trust a certificate for any name`,
      "Say sslmode=verify-full",
    );
  }
  const isChecked = ["require", "verify-ca", "verify-full"].includes(mode);
  const authorities = isChecked ? rootFile ?? ownFile("root.crt") : null;
  if (mode === "verify-ca" && authorities === null) {
    throw fault(
      values.from("sslmode"),
      "sslmode=verify-ca needs the authority that may have signed the certificate",
      "Name its file with sslrootcert=FILE, or say sslmode=verify-full, which has the well-known ones",
    );
  }
  const isDirect = values.choose("sslnegotiation", ["postgres", "direct"], "postgres") === "direct";
  if (isDirect && !isChecked) {
    throw fault(
      values.from("sslnegotiation"),
      `sslnegotiation=direct cannot do with sslmode=${mode}`,
      "Say sslmode=require, verify-ca or verify-full",
    );
  }
  return {
    mode,
    isDirect,
    // Without a file the well-known authorities, where libpq would refuse: nothing less is checked.
    authorities: mode === "verify-full" ? authorities ?? "system" : authorities,
    own: mode === "disable" || values.get("sslcertmode") === "disable" ? null : ownFiles(values, ownFile),
    sendsName: values.choose("sslsni", ["0", "1"], "1") === "1",
    oldest: /^tlsv1\.3$/i.test(values.get("ssl_min_protocol_version") ?? "") ? "TLSv1.3" : "TLSv1.2",
    newest: /^tlsv1\.2$/i.test(values.get("ssl_max_protocol_version") ?? "") ? "TLSv1.2" : "TLSv1.3",
  };
}

function ownFiles(
  values: Values,
  ownFile: (name: CertificateFile) => string | null,
): TlsSettings["own"] {
  const named = values.get("sslcert");
  const certificate = named ?? ownFile("postgresql.crt");
  if (certificate === null) return null;
  const key = values.get("sslkey") ?? ownFile("postgresql.key");
  if (key?.startsWith("engine:") || key?.startsWith("store:")) {
    throw fault(values.from("sslkey"), "a key in a device cannot be read", "Name a file with sslkey=FILE");
  }
  if (key === null) {
    throw fault(
      values.from("sslcert"),
      "sslcert names a certificate, and nothing names its key",
      "Name the key's file with sslkey=FILE",
    );
  }
  return { certificate, key, password: values.get("sslpassword") };
}
