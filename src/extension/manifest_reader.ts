/**
 * A program of its own, run by `manifest.ts` without rights: reads the settings on standard input, loads the
 * project's extension, and prints what it declares as one line of JSON, the last one.
 */

import type { Config } from "../config.ts";
import { errorReport } from "../errors.ts";
import { silentLog } from "../log.ts";
import type { ProgramHost } from "../tool/program_tool.ts";
import type { Manifest, ManifestAnswer } from "./manifest.ts";
import { openExtension } from "./open.ts";

const answer: ManifestAnswer = await readManifest().then(
  (manifest) => ({ manifest }),
  (error) => ({ error: errorReport(error) }),
);
// What the extension has printed itself stands in lines before.
const bytes = new TextEncoder().encode(`\n${JSON.stringify(answer)}\n`);
for (let written = 0; written < bytes.length;) written += await Deno.stdout.write(bytes.subarray(written));
Deno.exit(0);

async function readManifest(): Promise<Manifest> {
  const config = JSON.parse(await new Response(Deno.stdin.readable).text()) as Config;
  const opened = await openExtension(config);
  if (opened === null) throw new TypeError("a project without an extension has no manifest");
  const { extension, config: whole } = opened;
  return {
    variables: Object.keys(extension.settings),
    hosts: extension.hosts(whole),
    readPaths: extension.readPaths(whole),
    usesPackages: extension.usesPackages(whole),
    sample: extension.sample,
    tools: Deno.args.includes("--tools") ? await listTools() : [],
  };

  async function listTools(): Promise<Manifest["tools"]> {
    const host = {
      config: whole,
      log: silentLog,
      secret: new Uint8Array(),
      callTool: () => Promise.reject(new TypeError("nothing is called to list tools")),
    } as Partial<ProgramHost> as ProgramHost;
    const sources = await extension.programTools(whole);
    return sources.flatMap((source) => [...source(host)]).map(({ run: _run, links: _links, ...told }) =>
      told
    );
  }
}
