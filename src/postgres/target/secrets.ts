/**
 * Passwords from where they are kept: the string, a file, a command, the password file. Files are read and
 * commands run for each new connection, so that what was changed counts from the next one on. What a command
 * has answered is used again until shortly before it ends, because many connections open in one moment.
 */

import { runCommand } from "./command.ts";
import { fault, fileFault, fileHint } from "./fault.ts";
import { isOpenToOthers } from "./home.ts";
import type { Found, Place, Target } from "./model.ts";
import { findPassword } from "./passfile.ts";

export interface SecretsOptions {
  /** How long a command may run. @default 30000 */
  commandTimeout_ms?: number;
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number;
}

/** Longer than any token; a file of more is another file. */
const mostBytes = 64 * 1024;
/** Of what says nothing of its end. */
const unknownLife_ms = 10 * 60_000;
/** A token is renewed so long before its end, or in the last tenth of its life. */
const margin_ms = 60_000;

export class Secrets {
  readonly #timeout_ms: number;
  readonly #now: () => number;
  /** What a command has answered, by its words. */
  readonly #answers = new Map<string, { answer: Promise<string>; until_ms: number }>();

  constructor({ commandTimeout_ms = 30_000, now = Date.now }: SecretsOptions = {}) {
    this.#timeout_ms = commandTimeout_ms;
    this.#now = now;
  }

  /**
   * The password for a place of the target; null where there is none.
   * @throws {SqlwrightError} `config.invalid` for a file or a command that gives none
   */
  async find(target: Target, place: Place): Promise<Found | null> {
    const { password: source } = target;
    switch (source.kind) {
      case "text":
        return source.password;
      case "file": {
        const setting = "DATABASE_PASSWORD_FILE";
        const text = await readSecret(source.path, setting);
        // A space may be part of a password; the end of the line is the editor's.
        const value = text.replace(/\r?\n$/, "");
        if (value === "") throw fault(setting, `${source.path} is empty`, "Write the password into it");
        return { value, from: `${setting}, ${source.path}` };
      }
      case "command":
        return { value: await this.#answerOf(source.words), from: "DATABASE_PASSWORD_COMMAND" };
      case "passfile": {
        const text = await readPassfile(source.path);
        const user = target.user?.value ?? "";
        const value = findPassword(text, { place, user, database: target.database ?? user });
        return value === null ? null : { value, from: source.path };
      }
      case "none":
        return null;
      default:
        throw new TypeError(`unknown source: ${source satisfies never}`);
    }
  }

  /** A password was refused: what a command has answered is not used again. */
  forget(): void {
    this.#answers.clear();
  }

  async #answerOf(words: readonly string[]): Promise<string> {
    const key = JSON.stringify(words);
    const known = this.#answers.get(key);
    if (known !== undefined && known.until_ms > this.#now()) return await known.answer;
    // Those that ask meanwhile wait for the same answer.
    const entry = { answer: this.#run(words), until_ms: Infinity };
    this.#answers.set(key, entry);
    try {
      const answer = await entry.answer;
      entry.until_ms = renewalOf(answer, this.#now());
      return answer;
    } catch (error) {
      if (this.#answers.get(key) === entry) this.#answers.delete(key);
      throw error;
    }
  }

  async #run(words: readonly string[]): Promise<string> {
    const text = await runCommand(words, { timeout_ms: this.#timeout_ms, mostBytes });
    const answer = text.replace(/\r?\n$/, "");
    if (answer !== "") return answer;
    throw fault(
      "DATABASE_PASSWORD_COMMAND",
      `"${words[0]}" wrote nothing`,
      "Let it write the password to its standard output",
    );
  }
}

/** When a token is to be asked for anew: by its own end, where it tells one. */
export function renewalOf(token: string, now_ms: number): number {
  const end_ms = endOf(token);
  if (end_ms === null) return now_ms + unknownLife_ms;
  return end_ms - Math.min(margin_ms, Math.max(0, end_ms - now_ms) / 10);
}

/** The end of a JWT, or of an address that AWS has signed; null for another text. */
function endOf(token: string): number | null {
  const [, payload] = /^[\w-]+\.([\w-]+)\.[\w-]*$/.exec(token) ?? [];
  if (payload !== undefined) {
    try {
      const bytes = Uint8Array.fromBase64(payload, { alphabet: "base64url" });
      const { exp } = JSON.parse(new TextDecoder().decode(bytes)) as { exp?: unknown };
      return typeof exp === "number" ? exp * 1000 : null;
    } catch {
      return null;
    }
  }
  const [, date = "", time = ""] = /[?&]X-Amz-Date=(\d{8})T(\d{6})Z/.exec(token) ?? [];
  const [, seconds] = /[?&]X-Amz-Expires=(\d{1,6})(?:&|$)/.exec(token) ?? [];
  if (date === "" || seconds === undefined) return null;
  const begin = `${date.replace(/(....)(..)(..)/, "$1-$2-$3")}T${time.replace(/(..)(..)(..)/, "$1:$2:$3")}Z`;
  return Date.parse(begin) + Number(seconds) * 1000;
}

async function readSecret(path: string, setting: string): Promise<string> {
  try {
    const { size } = await Deno.stat(path);
    if (size > mostBytes) throw fault(setting, `${path} has ${size} bytes`, "Name the file of the password");
    return await Deno.readTextFile(path);
  } catch (error) {
    if ((error as Error).name === "SqlwrightError") throw error;
    throw fault(setting, `${path}: ${fileFault(error)}`, fileHint(error), error);
  }
}

async function readPassfile(path: string): Promise<string> {
  try {
    if (isOpenToOthers(await Deno.stat(path))) {
      throw fault(
        path,
        "others than its owner may read it, and PostgreSQL's tools leave such a file alone",
        `chmod 0600 ${path}`,
      );
    }
    return await Deno.readTextFile(path);
  } catch (error) {
    if ((error as Error).name === "SqlwrightError") throw error;
    throw fault(path, fileFault(error), fileHint(error), error);
  }
}
