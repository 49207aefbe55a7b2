/** Questions to the person at the terminal, by Deno's own prompt: no package for six questions. */

import { tell } from "../console/console.ts";

export const isInteractive = () =>
  Deno.stdin.isTerminal() && Deno.stderr.isTerminal() &&
  Deno.stdout.isTerminal();

/** The answer, or the default for an empty one. @throws {Deno.errors.Interrupted} at the end of the input */
export function ask(question: string, fallback: string): string {
  const answer = prompt(
    `${question}${fallback === "" ? ":" : ` [${fallback}]:`}`,
  );
  return answer === null || answer.trim() === "" ? fallback : answer.trim();
}

/** An answer that is not shown while it is typed; empty where the terminal cannot hide it. */
export async function askSecret(question: string): Promise<string> {
  try {
    Deno.stdin.setRaw(true);
  } catch {
    return "";
  }
  const decoder = new TextDecoder();
  const byte = new Uint8Array(1);
  let answer = "";
  await Deno.stderr.write(new TextEncoder().encode(`${question}: `));
  try {
    while (answer.length < longestSecret && await Deno.stdin.read(byte) !== null) {
      const typed = decoder.decode(byte, { stream: true });
      if (typed === "\r" || typed === "\n") break;
      if (typed === "\x03" || typed === "\x04") throw new Deno.errors.Interrupted("the question was left");
      answer = typed === "\x7f" || typed === "\b" ? answer.slice(0, -1) : answer + typed;
    }
    return answer;
  } finally {
    Deno.stdin.setRaw(false);
    tell("");
  }
}

const longestSecret = 4096;

export function askYes(question: string, fallback: boolean): boolean {
  for (;;) {
    const answer = ask(`${question} (y/n)`, fallback ? "y" : "n").toLowerCase();
    if (/^y(es)?$/.test(answer)) return true;
    if (/^no?$/.test(answer)) return false;
    tell("Answer y or n.");
  }
}

/**
 * Asks again until the answer is right. @param read undefined, and what was wrong is told, for an answer that
 * is not
 */
export async function askUntil<T>(
  question: string,
  fallback: string,
  read: (answer: string) => Promise<T | undefined> | T | undefined,
): Promise<T> {
  for (;;) {
    const value = await read(ask(question, fallback));
    if (value !== undefined) return value;
  }
}

/** Words with commas or blanks between them. */
export const splitWords = (text: string) => text.split(/[\s,]+/).filter((word) => word !== "");
