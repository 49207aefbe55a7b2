/** Files as sources: which ones may be read, and reading one that may change meanwhile. */

import { basename, isAbsolute, join, sep } from "node:path";
import { SqlwrightError } from "../../errors.ts";
import { chunkBytes, type RawSource } from "./raw_source.ts";
import { cutSource, refusedSource, unreadableSource } from "./errors.ts";

/** Opens a file; below the folder, or anywhere when it is null. */
export async function openFile(source: string, directory: string | null): Promise<RawSource> {
  const path = directory === null ? source : await pathBelow(directory, source);
  const { file, info } = await open(source, path);
  const { size } = info;
  let isOpen = true;

  async function* readFrom(start: number, length: number): AsyncGenerator<Uint8Array> {
    let done = 0;
    try {
      await file.seek(start, Deno.SeekMode.Start);
      while (done < length) {
        const chunk = new Uint8Array(Math.min(chunkBytes, length - done));
        const count = await file.read(chunk);
        if (count === null) throw changed(start + done, "ends");
        done += count;
        yield chunk.subarray(0, count);
      }
    } catch (error) {
      if (error instanceof SqlwrightError) throw error;
      throw cutSource(source, "the file cannot be read further", {
        byte: start + done,
        size,
        hint: "Check the disk; nothing was loaded",
        cause: error,
      });
    }
    // Bytes of two states must not load as one.
    const now = await file.stat();
    if (now.size !== size || now.mtime?.getTime() !== info.mtime?.getTime()) {
      throw changed(Math.min(now.size, start + done), "was changed while it was read; it was");
    }
  }
  const changed = (byte: number, how: string) =>
    cutSource(source, `the file ${how}`, {
      byte,
      size,
      hint: "Something writes to the file: load again when it is whole. Nothing was loaded",
    });

  return {
    name: source,
    fileName: basename(path),
    mediaType: null,
    size,
    read: () => readFrom(0, size),
    readRange: readFrom,
    isDecoded: false,
    close: () => {
      if (isOpen) file.close();
      isOpen = false;
      return Promise.resolve();
    },
  };
}

async function open(source: string, path: string): Promise<{ file: Deno.FsFile; info: Deno.FileInfo }> {
  let file: Deno.FsFile | null = null;
  try {
    // Before it is opened: opening a pipe would wait for its other end.
    if (!(await Deno.stat(path)).isFile) throw unreadableSource(source, "it is no file");
    file = await Deno.open(path, { read: true });
    return { file, info: await file.stat() };
  } catch (error) {
    file?.close();
    if (error instanceof SqlwrightError) throw error;
    throw unreadableSource(source, reasonOf(error), { cause: error });
  }
}

/** The real path of a file below a folder; links may not lead out of it. */
async function pathBelow(directory: string, source: string): Promise<string> {
  const refused = (why: string) =>
    refusedSource(
      source,
      why,
      "Name a file below the source folder (SQLWRIGHT_SOURCE_DIR), such as shop/order.csv",
    );
  if (source.includes("\0")) throw refused("the path holds a NUL character");
  if (isAbsolute(source) || /^[a-zA-Z]:|^\\\\/.test(source)) throw refused("the path is absolute");
  if (source.split(/[\\/]/).includes("..")) throw refused("the path leaves the source folder");
  const root = await Deno.realPath(directory).catch((error) =>
    Promise.reject(unreadableSource(source, "there is no source folder", { cause: error }))
  );
  const path = await Deno.realPath(join(root, source)).catch((error) =>
    Promise.reject(unreadableSource(source, reasonOf(error), { cause: error }))
  );
  if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) {
    throw refused(
      path === root ? "it is the source folder itself" : "it links to a place outside of the source folder",
    );
  }
  return path;
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
    return "there is no such file";
  }
  if (error instanceof Deno.errors.PermissionDenied) return "its permissions do not let this server read it";
  return "it cannot be opened";
}
