/** What is wrong with a connection string or what belongs to it. No message shows the string itself. */

import { SqlwrightError } from "../../errors.ts";

/** @param setting the variable or file that is at fault */
export function fault(setting: string, found: string, hint: string, cause?: unknown): SqlwrightError {
  return new SqlwrightError("config.invalid", `Cannot read ${setting}: ${found}`, {
    details: { setting },
    hint,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Why a file could not be read, in a few words. */
export function fileFault(error: unknown): string {
  const { errors } = Deno;
  if (error instanceof errors.NotFound) return "there is no such file";
  if (error instanceof errors.NotCapable) return "the sandbox does not permit to read it";
  if (error instanceof errors.PermissionDenied) return "this account may not read it";
  if (error instanceof errors.IsADirectory) return "it is a folder";
  return (error as Error).message;
}

/** What to do about a file that cannot be read. */
export function fileHint(error: unknown): string {
  return error instanceof Deno.errors.NotCapable
    ? "Start again: the flags of the sandbox follow what the connection names (`sqlwright permissions`)"
    : "Name a file that the account of the server may read";
}

/** A connection string without its passwords. */
export function masked(text: string, mask = "***"): string {
  return text
    .replace(/^(postgres(?:ql)?:\/\/[^:@/?]*:)[^/]*?(@[^@/]*(?:[/?]|$))/, `$1${mask}$2`)
    .replace(/([?&](?:ssl)?password=)[^&]*/g, `$1${mask}`)
    .replace(/(^|\s)((?:ssl)?password\s*=\s*)(?:'(?:[^'\\]|\\[^])*'?|(?:[^\s\\]|\\[^])+)/g, `$1$2${mask}`);
}
