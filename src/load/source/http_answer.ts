/**
 * What an HTTP answer that brings no data says to a person: its status in words, the title of its page, what
 * to do.
 */

/** `404 Not Found` */
export function wordsOf(status: number): string {
  return [status, statusWords[status]].filter(Boolean).join(" ");
}

export function hintOf(status: number): string {
  switch (status) {
    case 401:
    case 403:
      return "The server refuses this address or asks for fewer requests; open it in a browser to see which";
    case 404:
    case 410:
      return "Check the address";
    case 429:
      return "The server asks for fewer requests: load again later";
    default:
      return status >= 500 ? "The server is in trouble: load again later" : "Check the address";
  }
}

export const textOf = (chunks: readonly Uint8Array[]) => {
  const decoder = new TextDecoder();
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
};

/** Of an HTML page; null when it has none. */
export function titleOf(text: string): string | null {
  const title = /<title[^>]*>([^<]*)/i.exec(text)?.[1]?.replace(/\s+/g, " ").trim();
  return title ? title.slice(0, titleCharacters) : null;
}

const statusWords: Record<number, string | undefined> = {
  206: "Partial Content",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  410: "Gone",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};
const titleCharacters = 200;
