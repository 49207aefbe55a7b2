/** The echo application over standard input and output, as a process of its own. */
import { createLog } from "../../../src/log.ts";
import { serveStdio } from "../../../src/mcp/stdio/server.ts";
import { echoApplication } from "../echo_application.ts";

const controller = new AbortController();
if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", () => controller.abort());
await serveStdio(echoApplication(), { log: createLog({ level: "error" }), signal: controller.signal });
Deno.exit(0);
