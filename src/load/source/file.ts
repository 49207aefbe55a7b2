/** Files as sources, which may change while they are read. */

import { basename } from "node:path";
import { SqlwrightError } from "../../errors.ts";
import { chunkBytes } from "./bytes.ts";
import { cutSource, unreadableSource } from "./errors.ts";
import { pathBelow, reasonOf } from "./path.ts";
import type { RawSource } from "./raw_source.ts";

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
