/** The password file: `host:port:database:user:password` a line. @see PostgreSQL, "The Password File" */

import { isFolder, type Place } from "./model.ts";

export interface Login {
  place: Place;
  database: string;
  user: string;
}

/** The password of the first line that fits; null where none does. */
export function findPassword(text: string, { place, database, user }: Login): string | null {
  const wanted = [hostOf(place), String(place.port), database, user];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    const fields = splitLine(line);
    if (fields === null) continue;
    if (wanted.every((value, index) => fields[index] === "*" || unescaped(fields[index]!) === value)) {
      return unescaped(fields[4]!);
    }
  }
  return null;
}

/** The server's usual sockets stand under the name of this machine. */
const socketFolders = new Set(["/tmp", "/var/run/postgresql", "/run/postgresql"]);

function hostOf({ host, address }: Place): string {
  if (isFolder(host) && socketFolders.has(host.replace(/\/$/, ""))) return "localhost";
  return host ?? address ?? "localhost";
}

/** Four fields, and the password up to the next colon or the end; null for a line that has fewer. */
function splitLine(line: string): string[] | null {
  const fields = line.match(/(?:^|:)(?:[^:\\]|\\.?)*/g)?.map((field, index) =>
    index === 0 ? field : field.slice(1)
  );
  return fields !== undefined && fields.length >= 5 ? fields : null;
}

function unescaped(field: string): string {
  return field.replace(/\\(.)/g, "$1");
}
