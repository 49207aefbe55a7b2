/**
 * `postgresql://…` in its parts, as libpq's conninfo_uri_parse does: only `%XX` is decoded, so that a plus
 * stays a plus; several hosts; addresses in brackets; sockets as `%2Ffolder`.
 */

import { fault } from "./fault.ts";

export const uriScheme = /^postgres(?:ql)?:\/\//;

const form = "Write postgresql://user:password@host:port/database";

/** The values by the names of libpq's parameters, unchecked. @throws {SqlwrightError} `config.invalid` */
export function splitUri(text: string, setting: string): Map<string, string> {
  const rest = text.replace(uriScheme, "");
  const values = new Map<string, string>();
  const put = (name: string, encoded: string) => {
    if (encoded !== "") values.set(name, decode(encoded, setting));
  };
  const at = endOfLogin(rest);
  if (at >= 0) {
    const login = rest.slice(0, at);
    const colon = login.indexOf(":");
    put("user", colon < 0 ? login : login.slice(0, colon));
    if (colon >= 0) put("password", login.slice(colon + 1));
  }
  const behind = rest.slice(at + 1);
  const [, hosts = "", database = "", query = ""] = /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(behind) ?? [];
  const places = hosts.split(",").map((entry) => {
    const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/.exec(entry);
    if (match === null) {
      throw fault(setting, "its host cannot be read", `${form}; an IPv6 address in brackets`);
    }
    return { host: decode(match[1] ?? match[2] ?? "", setting), port: decode(match[3] ?? "", setting) };
  });
  if (places.some(({ host }) => host !== "")) values.set("host", places.map(({ host }) => host).join(","));
  if (places.some(({ port }) => port !== "")) values.set("port", places.map(({ port }) => port).join(","));
  put("dbname", database);
  for (const [name, value] of readQuery(query, setting)) values.set(name, value);
  return values;
}

/** Where the `@` behind the login stands; −1 without a login. */
function endOfLogin(rest: string): number {
  const end = rest.search(/[/?]/);
  const before = rest.slice(0, end < 0 ? rest.length : end).lastIndexOf("@");
  if (before >= 0) return before;
  // A password may hold a question mark.
  const slash = rest.indexOf("/");
  return rest.slice(0, slash < 0 ? rest.length : slash).indexOf("@");
}

function readQuery(query: string, setting: string): [string, string][] {
  return query.split("&").filter((part) => part !== "").map((part) => {
    const [name = "", value, ...more] = part.split("=");
    if (value === undefined || more.length > 0) {
      const found = value === undefined ? "has no value" : "has more than one =";
      throw fault(
        setting,
        `its parameter "${decode(name, setting)}" ${found}`,
        "Write name=value, and = within the value as %3D",
      );
    }
    const decoded = [decode(name, setting), decode(value, setting)] as const;
    // As JDBC has it, and libpq for its sake.
    return decoded[0] === "ssl" && decoded[1] === "true" ? ["sslmode", "require"] : [...decoded];
  });
}

function decode(text: string, setting: string): string {
  try {
    const decoded = decodeURIComponent(text);
    if (!decoded.includes("\0")) return decoded;
  } catch {
    // Told below.
  }
  throw fault(setting, "a %-escape in it is broken", "Write a percent sign itself as %25");
}
