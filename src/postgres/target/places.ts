/** The hosts of a target: names, addresses and ports beside each other, as libpq pairs them. */

import { fault } from "./fault.ts";
import { isThere } from "./home.ts";
import { isAddress, isFolder, type Place, socketPath } from "./model.ts";

interface Values {
  get: (name: string) => string | null;
  from: (name: string) => string;
}

/** Where PostgreSQL puts its socket: Debian's and Red Hat's folder, and its own default. */
export const socketFolders = Deno.build.os === "windows" ? [] : ["/var/run/postgresql", "/tmp"];

const defaultPort = 5432;

/** @throws {SqlwrightError} `config.invalid` */
export function readPlaces(values: Values): Place[] {
  const hosts = listOf(values, "host");
  const addresses = listOf(values, "hostaddr");
  const ports = listOf(values, "port");
  const count = Math.max(hosts.length, addresses.length, 1);
  if (hosts.length > 0 && addresses.length > 0 && hosts.length !== addresses.length) {
    throw unequal(values, "hostaddr", addresses.length, hosts.length);
  }
  if (ports.length > 1 && ports.length !== count) throw unequal(values, "port", ports.length, count);
  return Array.from({ length: count }, (_, index) => {
    const port = portOf(ports[ports.length === 1 ? 0 : index] ?? "", values);
    const host = hosts[index] ?? "";
    const address = addresses[index] ?? "";
    if (host.startsWith("@")) {
      throw fault(values.from("host"), "its socket has no file", "Name the folder of a socket: host=/folder");
    }
    if (address !== "" && !isAddress(address)) {
      throw fault(
        values.from("hostaddr"),
        `hostaddr "${address}" is no address`,
        "Write an IP address there, and a name as host",
      );
    }
    if (/[\s,/]/.test(isFolder(host) ? "" : host)) {
      throw fault(values.from("host"), "its host cannot be read", "Write a name, an address or a /folder");
    }
    return {
      host: host !== "" ? host : address !== "" ? null : hostOfNone(port),
      address: address === "" ? null : address,
      port,
    };
  });
}

/** As libpq: the socket of this machine where there is one, else its name. */
function hostOfNone(port: number): string {
  return socketFolders.find((folder) => isThere(socketPath(folder, port))) ?? "localhost";
}

function listOf(values: Values, name: string): string[] {
  return values.get(name)?.split(",").map((entry) => entry.trim()) ?? [];
}

function portOf(text: string, values: Values): number {
  if (text === "") return defaultPort;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw fault(
    values.from("port"),
    "its port is no number from 1 to 65535",
    "Write host:port, such as db:5432",
  );
}

function unequal(values: Values, name: string, found: number, hosts: number) {
  return fault(
    values.from(name),
    `it has ${found} of ${name} and ${hosts} of host`,
    `Give as many of ${name} as of host${name === "port" ? ", or one for all" : ""}`,
  );
}
