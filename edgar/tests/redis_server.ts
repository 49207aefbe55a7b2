/** A real Redis for a test, on a free port, with nothing on disk. */

import { until } from "../../tests/harness.ts";
import { testWith } from "../../tests/services.ts";

/** Registers a test with a Redis of its own. @param run gets its address, and what kills it */
export function testWithRedis(
  name: string,
  run: (url: string, stop: () => Promise<void>) => Promise<void>,
): void {
  testWith("redis-server", name, (program) => withRedis(program, run));
}

async function withRedis(
  program: string,
  use: (url: string, stop: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const server = new Deno.Command(program, {
    args: ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
    cwd: await Deno.realPath(Deno.env.get("TMPDIR") ?? "/tmp"),
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let isStopped = false;
  const stop = async () => {
    if (isStopped) return;
    isStopped = true;
    server.kill("SIGKILL");
    await server.status;
  };
  try {
    await until("Redis listens", () =>
      Deno.connect({ hostname: "127.0.0.1", port }).then((socket) => {
        socket.close();
        return true;
      }, () => false));
    await use(`redis://127.0.0.1:${port}`, stop);
  } finally {
    await stop();
  }
}
