/**
 * Run by `doctor` with the server's own flags: tries what the sandbox must deny, and what the server needs.
 * Prints one JSON object whose values are `allowed` or the name of the error. Arguments: the SQL directory,
 * and the folder of exports where there is one.
 */

import { writeWholeFile } from "../../export/format/file.ts";

const [sqlDirectory = "sql", exportDirectory] = Deno.args;
/** Never written, run or connected to: the sandbox refuses before anything happens, or it is broken. */
const foreignFile = Deno.build.os === "windows" ? "C:\\Windows\\win.ini" : "/etc/passwd";

const needed = {
  "read the query files": await attempt(() => Array.fromAsync(Deno.readDir(sqlDirectory))),
  ...(exportDirectory === undefined ? {} : { "write exports": await attempt(tryExport) }),
};
const forbidden = {
  "read other files": await attempt(() => Deno.readTextFile(foreignFile)),
  "write files": await attempt(() => Deno.open(`${sqlDirectory}/.probe`, { write: true })),
  "run programs": await attempt(() =>
    new Deno.Command(Deno.build.os === "windows" ? "cmd" : "true").output()
  ),
  // An address that is reserved for documentation.
  "connect elsewhere": await attempt(() => Deno.connect({ hostname: "192.0.2.1", port: 9 })),
  "see other variables": await attempt(() => Promise.resolve(Deno.env.get("PATH"))),
  "load native code": await attempt(() => Promise.resolve(Deno.dlopen("probe", {}))),
};
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify({ needed, forbidden })));

/** A file is written and named as one of an export is, and taken away again. */
async function tryExport(): Promise<void> {
  const path = `${exportDirectory}/.sqlwright-probe-${crypto.randomUUID()}`;
  await writeWholeFile(path, () => Promise.resolve());
  await Deno.remove(path);
}

async function attempt(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "allowed";
  } catch (error) {
    const { cause, message, name } = error as Error;
    return cause === undefined ? name : message;
  }
}
