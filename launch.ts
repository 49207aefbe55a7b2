/** What tasks and the package start: main.ts, after a first start has fetched its packages. */
import { launch } from "./src/cli/launch.ts";

Deno.exit(await launch(Deno.args));
