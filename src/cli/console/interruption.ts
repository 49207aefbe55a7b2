/** Ctrl-C in a command that works for a while: it becomes an aborted signal. */

import { SqlwrightError } from "../../errors.ts";

/** `deno task` hands on to its child what the terminal has sent to both: one key is two signals. */
const sameKey_ms = 300;

/** Ctrl-C cancels the statement in the database; a second one ends the process. */
export class Interruption {
  readonly #controller = new AbortController();
  #signalled_ms = -Infinity;
  readonly #onSignal = () => {
    const isSameKey = performance.now() - this.#signalled_ms < sameKey_ms;
    this.#signalled_ms = performance.now();
    if (isSameKey) return;
    if (this.signal.aborted) Deno.exit(130);
    this.#controller.abort(new SqlwrightError("call.cancelled", "The call was cancelled"));
  };

  constructor() {
    Deno.addSignalListener("SIGINT", this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGINT", this.#onSignal);
  }
}
