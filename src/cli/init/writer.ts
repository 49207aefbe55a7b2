/**
 * Writes the files of a new project: nothing that is there is overwritten, lines and entries that are missing
 * are added, and when something fails everything that was written is taken away again.
 */

import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { SqlwrightError } from "../../errors.ts";

export interface Written {
  /** As a person names it: from the project's folder. */
  path: string;
  what: "new" | "added to" | "kept";
}

interface Undo {
  file: string;
  /** Null for a file that was not there. */
  before: string | null;
}

export class ProjectWriter {
  readonly written: Written[] = [];
  readonly #directory: string;
  readonly #undo: Undo[] = [];
  readonly #folders: string[] = [];

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** A whole file, where there is none. */
  async write(
    path: string,
    text: string,
    { mode }: { mode?: number } = {},
  ): Promise<boolean> {
    const file = join(this.#directory, path);
    await requireInside(this.#directory, path);
    await this.#makeFolder(dirname(file));
    try {
      await Deno.writeTextFile(file, text, {
        createNew: true,
        ...(mode === undefined ? {} : { mode }),
      });
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) {
        throw unwritable(file, error);
      }
      this.#note(path, "kept");
      return false;
    }
    this.#undo.push({ file, before: null });
    this.#note(path, "new");
    return true;
  }

  /**
   * Adds to a file what it lacks; makes it where there is none. @param missing what to add to this text;
   * empty for nothing
   */
  async append(
    path: string,
    missing: (text: string) => string,
    { mode }: { mode?: number } = {},
  ): Promise<void> {
    const file = join(this.#directory, path);
    await requireInside(this.#directory, path);
    const before = await readOrNull(file);
    if (before === null) {
      const text = missing("");
      if (text !== "") {
        await this.write(path, text, mode === undefined ? {} : { mode });
      }
      return;
    }
    const added = missing(before);
    if (added === "") return this.#note(path, "kept");
    const end = before === "" || before.endsWith("\n") ? "" : "\n";
    await this.#replace(path, file, before, `${before}${end}${added}`);
  }

  /**
   * An entry of a JSON file, where it has none of that name.
   * @returns false where the file is not plain JSON, which is left alone
   */
  async addEntry(
    path: string,
    group: string,
    name: string,
    entry: unknown,
  ): Promise<boolean> {
    const file = join(this.#directory, path);
    await requireInside(this.#directory, path);
    const before = await readOrNull(file);
    const format = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
    if (before === null) {
      return await this.write(path, format({ [group]: { [name]: entry } }));
    }
    let whole: Record<string, unknown>;
    try {
      whole = JSON.parse(before);
    } catch {
      this.#note(path, "kept");
      return false;
    }
    const entries = whole?.[group] ?? {};
    if (
      typeof whole !== "object" || whole === null ||
      typeof entries !== "object" || entries === null
    ) {
      this.#note(path, "kept");
      return false;
    }
    if (Object.hasOwn(entries, name)) {
      this.#note(path, "kept");
      return true;
    }
    await this.#replace(
      path,
      file,
      before,
      format({ ...whole, [group]: { ...entries, [name]: entry } }),
    );
    return true;
  }

  /** Takes away what was written, newest first; folders only where they are empty. */
  async undo(): Promise<void> {
    for (const { file, before } of this.#undo.toReversed()) {
      if (before === null) await Deno.remove(file).catch(() => {});
      else await Deno.writeTextFile(file, before).catch(() => {});
    }
    for (const folder of this.#folders.toReversed()) {
      await Deno.remove(folder).catch(() => {});
    }
  }

  async #replace(
    path: string,
    file: string,
    before: string,
    text: string,
  ): Promise<void> {
    try {
      await Deno.writeTextFile(file, text);
    } catch (error) {
      throw unwritable(file, error);
    }
    this.#undo.push({ file, before });
    this.#note(path, "added to");
  }

  #note(path: string, what: Written["what"]): void {
    const shown = relative(this.#directory, join(this.#directory, path))
      .replaceAll("\\", "/");
    const known = this.written.find((each) => each.path === shown);
    if (known === undefined) this.written.push({ path: shown, what });
    else if (known.what === "kept") known.what = what;
  }

  async #makeFolder(folder: string): Promise<void> {
    const missing: string[] = [];
    for (let each = folder; !await isThere(each); each = dirname(each)) {
      missing.push(each);
    }
    try {
      await Deno.mkdir(folder, { recursive: true });
    } catch (error) {
      throw unwritable(folder, error);
    }
    this.#folders.push(...missing.toReversed());
  }
}

/** What `init` writes, as far as a link may stand in its place before anything is written. */
const places = [
  "sqlwright.json",
  "sql",
  "migrations",
  "functions",
  "tests",
  "roles.sql",
  ".gitignore",
  ".env",
  ".env.example",
  ".mcp.json",
  ".vscode/mcp.json",
  ".vscode/settings.json",
  ".cursor/mcp.json",
  ".github/workflows",
  "AGENTS.md",
  "README.md",
];

/**
 * A link in the project may lead to a file of anybody, which is not ours to write.
 * @throws {SqlwrightError} `project.unwritable`
 */
async function requireInside(directory: string, path: string): Promise<void> {
  // The workflow lies at the top of the repository, which the project may lie in.
  const base = join(directory, /^(?:\.\.(?:\/|$))+/.exec(path)?.[0] ?? "");
  const real = await realPlaceOf(base);
  const place = await realPlaceOf(join(directory, path));
  const way = relative(real, place);
  if (!way.startsWith("..") && !isAbsolute(way)) return;
  throw new SqlwrightError(
    "project.unwritable",
    `Cannot write ${join(directory, path)}: it leads out of the project, to ${place}`,
    {
      details: { path: join(directory, path), place },
      hint: "A link stands there or above it: take it away, or make the project in another folder",
    },
  );
}

/** Where a file is or would be made, behind all links; also behind one that leads to nothing. */
async function realPlaceOf(path: string): Promise<string> {
  const info = await Deno.lstat(path).catch(() => null);
  if (info === null) {
    return dirname(path) === path ? path : join(await realPlaceOf(dirname(path)), basename(path));
  }
  try {
    return await Deno.realPath(path);
  } catch {
    return info.isSymlink ? resolve(dirname(path), await Deno.readLink(path)) : path;
  }
}

/** @throws {SqlwrightError} `project.unwritable`, before anything is written */
export async function requireWritable(directory: string): Promise<void> {
  for (const path of places) await requireInside(directory, path);
  let folder = directory;
  for (;;) {
    const info = await Deno.stat(folder).catch((error) => {
      if (
        error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.NotADirectory
      ) return null;
      throw unwritable(folder, error);
    });
    if (info !== null && !info.isDirectory) {
      throw new SqlwrightError(
        "project.unwritable",
        `Cannot make a project in ${directory}: ${folder} is a file`,
        {
          details: { path: folder },
          hint: "Name a folder, or one that is still to be made",
        },
      );
    }
    if (info !== null) break;
    folder = dirname(folder);
  }
  try {
    await Deno.remove(
      await Deno.makeTempFile({ dir: folder, prefix: ".sqlwright_" }),
    );
  } catch (error) {
    throw unwritable(folder, error);
  }
}

function unwritable(path: string, error: unknown): SqlwrightError {
  const reason = error instanceof Deno.errors.PermissionDenied
    ? "permission denied"
    : error instanceof Error
    ? error.message.replace(/ \(os error \d+\).*$/s, "")
    : String(error);
  return new SqlwrightError(
    "project.unwritable",
    `Cannot write ${path}: ${reason}`,
    {
      details: { path },
      hint: "Give yourself the right to write the folder, or name another one: sqlwright init DIR",
      cause: error,
    },
  );
}

async function readOrNull(file: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw unwritable(file, error);
  }
}

const isThere = (path: string) => Deno.lstat(path).then(() => true, () => false);
