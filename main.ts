/** argv → src/cli; nothing else. */
import { main } from "./src/cli/main.ts";

Deno.exit(await main(Deno.args));
