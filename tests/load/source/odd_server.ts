/** A loopback HTTP server that says exactly the bytes it is told, right or wrong, and keeps the requests. */

export interface OddRequest {
  method: string;
  path: string;
  headers: Headers;
}

export interface OddServer {
  /** `http://127.0.0.1:PORT` */
  base: string;
  port: number;
  requests: OddRequest[];
}

/** Writes an answer; the connection is closed when it resolves. */
export type OddAnswer = (
  request: OddRequest,
  write: (part: string | Uint8Array) => Promise<void>,
) => Promise<void>;

export async function withOddServer<T>(
  answer: OddAnswer,
  use: (server: OddServer) => Promise<T>,
): Promise<T> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const requests: OddRequest[] = [];
  const open = new Set<Deno.Conn>();
  const serving: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const connection of listener) {
      open.add(connection);
      serving.push(serve(connection).finally(() => open.delete(connection)));
    }
  })();

  async function serve(connection: Deno.Conn): Promise<void> {
    try {
      const request = await readRequest(connection);
      requests.push(request);
      await answer(request, async (part) => {
        const bytes = typeof part === "string" ? new TextEncoder().encode(part) : part;
        for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
      });
    } catch {
      // A client that went away: what this is about is seen on its side.
    } finally {
      closed(connection);
    }
  }

  try {
    const { port } = listener.addr as Deno.NetAddr;
    return await use({ base: `http://127.0.0.1:${port}`, port, requests });
  } finally {
    listener.close();
    for (const connection of open) closed(connection);
    await Promise.all([accepting, ...serving]);
  }
}

/** A whole answer; further headers as lines. */
export function answerOf(
  status: string,
  headers: Record<string, string>,
  body: string | Uint8Array = "",
): Uint8Array {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const all = { "content-length": String(bytes.length), connection: "close", ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = new TextEncoder().encode(`HTTP/1.1 ${status}\r\n${lines}\r\n`);
  const answer = new Uint8Array(head.length + bytes.length);
  answer.set(head);
  answer.set(bytes, head.length);
  return answer;
}

async function readRequest(connection: Deno.Conn): Promise<OddRequest> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(16_384);
  let text = "";
  while (!text.includes("\r\n\r\n")) {
    const length = await connection.read(buffer);
    if (length === null) throw new Error("no request");
    text += decoder.decode(buffer.subarray(0, length), { stream: true });
  }
  const [first, ...lines] = text.slice(0, text.indexOf("\r\n\r\n")).split("\r\n");
  const [method, path] = first!.split(" ");
  const headers = new Headers(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as [string, string];
  }));
  return { method: method!, path: path!, headers };
}

function closed(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // The other side was first.
  }
}
