/** Long answers on a terminal go through a pager, as those of psql and git do. */

import { print } from "./console.ts";

/**
 * Prints the text. Where standard output is a terminal and the text has more lines than it, through PAGER
 * (`less` where that is not set); an empty PAGER, or `cat`, prints at once.
 */
export async function printPaged(text: string): Promise<void> {
  const pager = Deno.env.get("PAGER") ?? "less";
  if (!Deno.stdout.isTerminal() || ["", "cat"].includes(pager) || text.split("\n").length < heightOf()) {
    return print(text);
  }
  const [program, ...args] = pager.split(/\s+/) as [string, ...string[]];
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args,
      // Colours pass, a text of one screen is left standing, and lines are not folded.
      env: Deno.env.has("LESS") ? {} : { LESS: "FRSX" },
      stdin: "piped",
    }).spawn();
  } catch {
    // There is no such program: the text matters more than the comfort.
    return print(text);
  }
  try {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`${text}\n`));
    await writer.close();
  } catch (error) {
    // Whoever has read enough ends the pager before it has read all.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
  await child.status;
}

function heightOf(): number {
  try {
    return Deno.consoleSize().rows;
  } catch {
    return 24;
  }
}
