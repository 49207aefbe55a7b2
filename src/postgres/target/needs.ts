/** What a process must be permitted for a target: addresses, sockets, files, a program, variables. */

import { systemFile } from "./certificates.ts";
import { homeFile, homeVariable } from "./home.ts";
import { type Environment, isFolder, socketPath, type Target } from "./model.ts";
import { userVariables } from "./target.ts";

export interface Needs {
  /** `host:port`. */
  addresses: string[];
  sockets: string[];
  readPaths: string[];
  programs: string[];
  variables: string[];
}

export function needsOf(target: Target, environment: Environment): Needs {
  const { places, password, tls, user } = target;
  const sockets = places.filter(({ host }) => isFolder(host)).map(({ host, port }) =>
    socketPath(host!, port)
  );
  const addresses = places.filter(({ host }) => !isFolder(host)).map(({ host, address, port }) => {
    const name = address ?? host!;
    return `${name.includes(":") ? `[${name}]` : name}:${port}`;
  });
  const authorities = tls.authorities === "system" ? systemFile() : tls.authorities;
  const readPaths = [
    ...target.readFiles,
    ...(authorities === null ? [] : [authorities]),
    ...(tls.own === null ? [] : [tls.own.certificate, tls.own.key]),
    ...(password.kind === "file" || password.kind === "passfile" ? [password.path] : []),
  ];
  const home = environment(homeVariable);
  const isAtHome = (["passfile", "service", "root.crt", "postgresql.crt"] as const).some((name) =>
    readPaths.includes(homeFile(environment, name) ?? "")
  );
  const isFromPerson = user === null || (userVariables as readonly string[]).includes(user.from);
  return {
    addresses,
    sockets,
    readPaths: [...new Set(readPaths)],
    programs: password.kind === "command" ? [password.words[0]!] : [],
    variables: [...(isFromPerson ? userVariables : []), ...(home && isAtHome ? [homeVariable] : [])],
  };
}
