/**
 * Where a load's bytes come from: `openSource` turns what a caller names into a stream of decompressed bytes,
 * with backpressure from end to end and a limit on everything. A file below the source folder, an address on
 * the allow-list, an upload or a resource of this server; each plain, gzip or a member of a zip.
 */

import type { HostName } from "./https.ts";
import { chunksOf } from "./bytes.ts";
import { refusedSource, unreadableSource } from "./errors.ts";
import type { OpenedSource, SourceAccess, SourceOptions } from "./model.ts";
import type { RawSource } from "./raw_source.ts";

export const defaultMaximumBytes = 64 * 1024 ** 3;

/**
 * @throws {SqlwrightError} `load.source_refused`, `load.source_unreadable`, `load.source_not_data`,
 * `load.source_corrupt`, `load.source_cut`, `load.source_too_large`; `bytes` throws the last three as well.
 */
export async function openSource(
  source: string,
  access: SourceAccess,
  options: SourceOptions,
): Promise<OpenedSource> {
  options.signal.throwIfAborted();
  const { base, member } = splitMember(source);
  if (member !== null && options.member !== null && member !== options.member) {
    throw refusedSource(source, `member says "${options.member}"`, "Name the member once");
  }
  const raw = await openRaw(base, access, options.signal);
  // Only here, because node:zlib costs a start ten milliseconds.
  const { openCompressed } = await import("./compression.ts");
  return await openCompressed(raw, { ...options, member: options.member ?? member });
}

/** What `source` may be, in one sentence for an agent: only the forms that are on. */
export function describeSources(access: SourceAccess): string {
  const forms = [access.kind === "any" ? "the path of a file" : "the path of a file below the source folder"];
  if (access.hosts !== undefined && access.hosts.length > 0) {
    forms.push(`an https address on ${listOf(access.hosts.map(nameOf))}`);
  }
  if (access.uploads !== undefined) {
    forms.push("upload:<handle> of a file that was put to /uploads over HTTP");
  }
  if (access.resources !== undefined) forms.push("resource:<uri> of a resource of this server");
  return `${
    capitalized(listOf(forms))
  }. gzip is decompressed; a member of a zip archive is named as file.zip#member.`;
}

async function openRaw(source: string, access: SourceAccess, signal: AbortSignal): Promise<RawSource> {
  const off = (what: string, hint: string) => refusedSource(source, `this server has no ${what}`, hint);
  if (isAddress.test(source)) {
    const { openAddress } = await import("./https.ts");
    return await openAddress(source, {
      hosts: access.hosts ?? [],
      signal,
      stall_ms: access.stall_ms,
      answer_ms: access.answer_ms,
    });
  }
  if (source.startsWith("upload:")) {
    if (access.uploads === undefined) throw off("uploads", "Name a file");
    return await access.uploads.open(source, signal, access.uploadOwner ?? null);
  }
  if (source.startsWith("resource:")) {
    if (access.resources === undefined) throw off("resources to load", "Name a file");
    return await openResource(source, access.resources);
  }
  const { openFile } = await import("./file.ts");
  return await openFile(source, access.kind === "folder" ? access.directory : null);
}

async function openResource(
  source: string,
  resources: NonNullable<SourceAccess["resources"]>,
): Promise<RawSource> {
  const uri = source.slice("resource:".length);
  const resource = await resources(uri);
  if (resource === null) {
    throw unreadableSource(source, "this server has no such resource", { hint: "resources/list names them" });
  }
  const bytes = new TextEncoder().encode(resource.text);
  const readRange = (offset: number, length: number) => chunksOf(bytes, offset, length);
  return {
    name: source,
    fileName: uri.slice(uri.lastIndexOf("/") + 1),
    mediaType: resource.mimeType,
    size: bytes.length,
    read: () => readRange(0, bytes.length),
    readRange,
    isDecoded: false,
    close: () => Promise.resolve(),
  };
}

/** Of any scheme: those that are not https are refused where the address is read. */
const isAddress = /^[a-z][a-z0-9+.-]*:\/\//i;

/** `2009q3.zip#num.txt` and `upload:<handle>#num.txt` name a member; a `#` elsewhere belongs to the name. */
function splitMember(source: string): { base: string; member: string | null } {
  const [, base, member] = /^(.*\.zip|upload:[0-9a-f]{32})#(.+)$/is.exec(source) ?? [];
  return base === undefined ? { base: source, member: null } : { base, member: member! };
}

const nameOf = ({ hostname, port }: HostName) => port === 443 ? hostname : `${hostname}:${port}`;

const listOf = (items: readonly string[]) =>
  items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} or ${items.at(-1)}`;

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
