/** A command line in its words, without a shell; and what the command answers. */

import { fault, fileFault } from "./fault.ts";

const setting = "DATABASE_PASSWORD_COMMAND";

/** As a shell parts them: quotes and backslashes, and nothing is expanded. @throws {SqlwrightError} */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  const part = /\s+|'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])|([^\s'"\\]+)/y;
  let word: string | null = null;
  while (part.lastIndex < line.length) {
    const at = part.lastIndex;
    const match = part.exec(line);
    if (match === null) {
      throw fault(
        setting,
        `the quote at character ${at + 1} is not closed`,
        "Close it, or write \\ before it",
      );
    }
    const [whole, single, double, escaped, plain] = match;
    if (/^\s/.test(whole)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + (single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? escaped ?? plain ?? "");
  }
  if (word !== null) words.push(word);
  if (words[0] === undefined || words[0] === "") {
    throw fault(setting, "it names no program", "Write a program and its arguments");
  }
  return words;
}

export interface RunOptions {
  timeout_ms: number;
  mostBytes: number;
}

const shownBytes = 500;

/** What it writes to its standard output. @throws {SqlwrightError} `config.invalid` */
export async function runCommand(
  [program, ...args]: readonly string[],
  { timeout_ms, mostBytes }: RunOptions,
): Promise<string> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program!, { args, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
  } catch (error) {
    const found = error instanceof Deno.errors.NotFound
      ? "there is no such program"
      : error instanceof Deno.errors.NotCapable
      ? "the sandbox does not permit to run it"
      : fileFault(error);
    throw fault(setting, `"${program}" cannot be run: ${found}`, "Name a program by its path", error);
  }
  let isLate = false;
  const { promise: late, resolve: endWait } = Promise.withResolvers<null>();
  const timer = setTimeout(() => {
    isLate = true;
    kill(child);
    endWait(null);
  }, timeout_ms);
  try {
    // Whatever the program has started may hold the pipes open when it is gone: the wait has its own end.
    const ended = await Promise.race([
      Promise.all([child.status, readMost(child.stdout, mostBytes), readMost(child.stderr, shownBytes)]),
      late,
    ]);
    if (ended === null || isLate) {
      throw fault(
        setting,
        `"${program}" did not end within ${timeout_ms / 1000} s`,
        "Run it by hand: it may wait for an answer, or for a network that is not there",
      );
    }
    const [{ success, code }, output, complaint] = ended;
    if (!success) {
      const words = complaint.text.trim();
      throw fault(
        setting,
        `"${program}" ended with ${code}${words === "" ? "" : `: ${words}`}`,
        "Run it by hand as the account of the server",
      );
    }
    if (output.isCut) {
      throw fault(
        setting,
        `"${program}" wrote more than ${mostBytes} bytes`,
        "Let it write the password alone",
      );
    }
    return output.text;
  } finally {
    clearTimeout(timer);
    endWait(null);
  }
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** All is read, so that the program can end; what is over the limit is not kept. */
async function readMost(stream: ReadableStream<Uint8Array>, most: number) {
  const decoder = new TextDecoder();
  let text = "";
  let kept = 0;
  let isCut = false;
  for await (const chunk of stream) {
    const part = chunk.subarray(0, most - kept);
    kept += part.length;
    isCut ||= part.length < chunk.length;
    text += decoder.decode(part, { stream: true });
  }
  return { text: text + decoder.decode(), isCut };
}
