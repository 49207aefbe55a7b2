/** Writes files that are missing and leaves alone those that are there, and remembers both. */

import { dirname, isAbsolute, join, relative } from "node:path";
import { SqlwrightError } from "../../errors.ts";

export class Writer {
  /** Relative to the project's folder. */
  readonly made: string[] = [];
  readonly kept: string[] = [];

  constructor(readonly directory: string) {}

  note(what: "made" | "kept", path: string): void {
    const shown = isAbsolute(path)
      ? relative(this.directory, path)
      : relative(this.directory, join(Deno.cwd(), path));
    (what === "made" ? this.made : this.kept).push(shown.replaceAll("\\", "/"));
  }

  async exists(path: string): Promise<boolean> {
    return await Deno.stat(join(this.directory, path)).then(() => true, () => false);
  }

  /** Never overwrites. */
  async writeNew(path: string, text: string, { mode }: { mode?: number } = {}): Promise<void> {
    const place = join(this.directory, path);
    try {
      await Deno.mkdir(dirname(place), { recursive: true });
      await Deno.writeTextFile(place, text, { createNew: true, ...(mode === undefined ? {} : { mode }) });
      this.made.push(path);
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) this.kept.push(path);
      else throw unwritable(place, error);
    }
  }

  /** A file of sqlwright's own, written again when it is another. */
  async refresh(path: string, text: string): Promise<void> {
    const place = join(this.directory, path);
    try {
      await Deno.mkdir(dirname(place), { recursive: true });
      await Deno.writeTextFile(place, text);
    } catch (error) {
      throw unwritable(place, error);
    }
  }

  /** Adds the lines that the file does not have. */
  async addLines(path: string, lines: readonly string[]): Promise<void> {
    const place = join(this.directory, path);
    const text = await Deno.readTextFile(place).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return "";
      throw unwritable(place, error);
    });
    const present = new Set(text.split(/\r?\n/).map((line) => line.trim()));
    const missing = lines.filter((line) => !present.has(line));
    if (missing.length === 0) return void this.kept.push(path);
    const gap = text === "" || text.endsWith("\n") ? "" : "\n";
    try {
      await Deno.writeTextFile(place, `${text}${gap}${missing.join("\n")}\n`);
    } catch (error) {
      throw unwritable(place, error);
    }
    this.made.push(path);
  }

  async makeFolder(place: string): Promise<void> {
    try {
      await Deno.mkdir(place, { recursive: true });
    } catch (error) {
      throw unwritable(place, error);
    }
  }
}

function unwritable(place: string, cause: unknown): SqlwrightError {
  const reason = cause instanceof Deno.errors.PermissionDenied
    ? "permission denied"
    : (cause as Error).message;
  return new SqlwrightError("config.invalid", `Cannot write ${place}: ${reason}`, {
    details: { path: place },
    hint: "Give yourself the right to write there and run init again: it goes on where it ended",
    cause,
  });
}
