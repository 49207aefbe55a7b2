/**
 * Encodings of sources: what PostgreSQL's COPY converts itself, and what is decoded here first. Pure.
 */

import { SqlwrightError } from "../../errors.ts";

export interface CopyEncoding {
  /** As the caller wrote it. */
  name: string;
  isUtf8: boolean;
  /** PostgreSQL's name; null for UTF-16, which COPY cannot read. */
  copyName: string | null;
  /** WHATWG label; null where this side cannot decode it. */
  label: string | null;
  /** Bytes of ASCII occur inside of other characters: the lines cannot be read without decoding. */
  hidesAscii: boolean;
}

/**
 * Here WHATWG's decoder has characters at 0x80 to 0x9F, and PostgreSQL, as ISO 8859, the control characters
 * of those numbers.
 */
const withControls = new Set(["LATIN1", "LATIN5"]);

/** PostgreSQL's client encodings and what WHATWG calls them. */
const encodings: readonly [copyName: string, label: string | null, ...aliases: string[]][] = [
  ["UTF8", "utf-8", "unicode"],
  ["LATIN1", "windows-1252", "iso88591"],
  ["LATIN2", "iso-8859-2", "iso88592"],
  ["LATIN3", "iso-8859-3", "iso88593"],
  ["LATIN4", "iso-8859-4", "iso88594"],
  ["LATIN5", "windows-1254", "iso88599"],
  ["LATIN6", "iso-8859-10", "iso885910"],
  ["LATIN7", "iso-8859-13", "iso885913"],
  ["LATIN8", "iso-8859-14", "iso885914"],
  ["LATIN9", "iso-8859-15", "iso885915"],
  ["LATIN10", "iso-8859-16", "iso885916"],
  ["ISO_8859_5", "iso-8859-5"],
  ["ISO_8859_6", "iso-8859-6"],
  ["ISO_8859_7", "iso-8859-7"],
  ["ISO_8859_8", "iso-8859-8"],
  ["KOI8R", "koi8-r", "koi8"],
  ["KOI8U", "koi8-u"],
  ["WIN866", "ibm866", "cp866"],
  ["WIN874", "windows-874", "windows874", "cp874"],
  ["WIN1250", "windows-1250", "windows1250", "cp1250"],
  ["WIN1251", "windows-1251", "windows1251", "cp1251"],
  ["WIN1252", "windows-1252", "windows1252", "cp1252"],
  ["WIN1253", "windows-1253", "windows1253", "cp1253"],
  ["WIN1254", "windows-1254", "windows1254", "cp1254"],
  ["WIN1255", "windows-1255", "windows1255", "cp1255"],
  ["WIN1256", "windows-1256", "windows1256", "cp1256"],
  ["WIN1257", "windows-1257", "windows1257", "cp1257"],
  ["WIN1258", "windows-1258", "windows1258", "cp1258"],
  ["EUC_JP", "euc-jp"],
  ["EUC_KR", "euc-kr"],
  ["EUC_CN", "gbk", "gb2312"],
  ["EUC_TW", null],
  ["BIG5", "big5"],
  ["GBK", "gbk", "cp936"],
  ["GB18030", "gb18030"],
  ["SJIS", "shift_jis", "shiftjis"],
  ["UHC", "euc-kr", "cp949"],
  ["SQL_ASCII", "utf-8"],
];
const wide: Record<string, string> = { utf16: "utf-16le", utf16le: "utf-16le", utf16be: "utf-16be" };
const hiding = new Set(["BIG5", "GBK", "GB18030", "SJIS", "UHC"]);

/** @throws {SqlwrightError} `load.options_invalid` */
export function encodingOf(name: string): CopyEncoding {
  const plain = plainName(name);
  if (Object.hasOwn(wide, plain)) {
    return { name, isUtf8: false, copyName: null, label: wide[plain]!, hidesAscii: true };
  }
  const found = encodings.find(([copyName, , ...aliases]) =>
    plainName(copyName) === plain || aliases.includes(plain)
  );
  if (found === undefined) {
    throw new SqlwrightError(
      "load.options_invalid",
      `Cannot load: there is no encoding "${name.slice(0, 40)}"`,
      {
        details: { option: "encoding" },
        hint: "Use utf-8, latin1, windows-1252, utf-16 or another name of PostgreSQL's",
      },
    );
  }
  const [copyName, label] = found;
  return { name, isUtf8: copyName === "UTF8", copyName, label, hidesAscii: hiding.has(copyName) };
}

const plainName = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/**
 * The bytes in UTF-8.
 * @throws {SqlwrightError} `load.row_invalid` with the byte near which they are not of the encoding
 */
export async function* transcoded(
  bytes: AsyncIterable<Uint8Array>,
  { name, copyName, label }: CopyEncoding,
  source: string,
): AsyncGenerator<Uint8Array> {
  if (label === null) {
    throw new SqlwrightError(
      "load.options_invalid",
      `Cannot load "${source}": ${name} cannot be read in this form`,
      {
        details: { option: "encoding" },
        hint: "Convert the file to UTF-8",
      },
    );
  }
  let decoder = new TextDecoder(label, { fatal: true });
  const encoder = new TextEncoder();
  const keepsControls = copyName !== null && withControls.has(copyName);
  let byte = 0;
  const decode = (chunk: Uint8Array | undefined) => {
    try {
      const text = decoder.decode(chunk, { stream: chunk !== undefined });
      return encoder.encode(keepsControls && chunk !== undefined ? controlled(text, chunk) : text);
    } catch (cause) {
      throw new SqlwrightError(
        "load.row_invalid",
        `Cannot load "${source}": the bytes after byte ${byte} are no ${name}`,
        { details: { source, byte }, hint: "Set the option encoding to what the file is written in", cause },
      );
    }
  };
  for await (const chunk of bytes) {
    // Without a byte order in the option the mark says it.
    if (byte === 0 && plainName(name) === "utf16" && chunk[0] === 0xfe && chunk[1] === 0xff) {
      decoder = new TextDecoder("utf-16be", { fatal: true });
    }
    yield decode(chunk);
    byte += chunk.length;
  }
  yield decode(undefined);
}

/** One byte is one character there. */
function controlled(text: string, bytes: Uint8Array): string {
  if (!bytes.some((byte) => byte >= 0x80 && byte <= 0x9f)) return text;
  return Array.from(
    bytes,
    (byte, index) => byte >= 0x80 && byte <= 0x9f ? String.fromCharCode(byte) : text[index],
  ).join("");
}
