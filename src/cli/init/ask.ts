/** Questions on a terminal. They go to standard error, because standard output is for what was made. */

import { tell } from "../console/console.ts";

/** The answer without blanks around it; empty for a bare Enter, and at the end of the input. */
export function ask(question: string): string {
  tell(question);
  return (prompt(">") ?? "").trim();
}

export function askYesOrNo(question: string, isUsual: boolean): boolean {
  const answer = ask(`${question} [${isUsual ? "Y/n" : "y/N"}]`).toLowerCase();
  return answer === "" ? isUsual : ["y", "yes"].includes(answer);
}
