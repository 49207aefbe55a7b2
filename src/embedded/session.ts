/**
 * Lines of JSON over a TCP connection: how a start of sqlwright and the supervisor of its PostgreSQL talk.
 */

const line_limit_bytes = 4096;

export type Message = Record<string, unknown>;

export class LineConnection {
  readonly #connection: Deno.TcpConn;
  #rest = "";

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  async send(message: Message): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify(message) + "\n");
    for (let written = 0; written < bytes.length;) {
      written += await this.#connection.write(bytes.subarray(written));
    }
  }

  /**
   * The next message, or null at the end of the connection, after something that is none, or when `signal`
   * aborts (which closes it).
   */
  async receive(signal?: AbortSignal): Promise<Message | null> {
    const onAbort = () => this.close();
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const chunk = new Uint8Array(line_limit_bytes);
      while (!this.#rest.includes("\n")) {
        const size_bytes = await this.#connection.read(chunk);
        if (size_bytes === null || this.#rest.length > line_limit_bytes) return null;
        // All messages are ASCII: no character is cut in two.
        this.#rest += new TextDecoder().decode(chunk.subarray(0, size_bytes));
      }
      const end = this.#rest.indexOf("\n");
      const message: unknown = JSON.parse(this.#rest.slice(0, end));
      this.#rest = this.#rest.slice(end + 1);
      return typeof message === "object" && message !== null ? message as Message : null;
    } catch {
      // A connection that breaks, or does not speak JSON, has ended for us.
      return null;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  close(): void {
    try {
      this.#connection.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}
