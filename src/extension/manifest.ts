/**
 * What the extension of a project declares, as data. The file is code of the project, and whoever looks at a
 * project has not yet said that it may run: so it is loaded in a process of its own that may read the
 * project and do nothing else, no matter which rights this process has.
 */

import type { Config } from "../config.ts";
import { type ErrorReport, SqlwrightError } from "../errors.ts";
import { productDirectory } from "../project.ts";
import type { ProgramTool } from "../tool/program_tool.ts";
import type { Sample } from "./extension.ts";

export interface Manifest {
  /** Names of its settings. */
  variables: readonly string[];
  /** As the extension says them, under these settings. */
  hosts: readonly string[];
  readPaths: readonly string[];
  usesPackages: boolean;
  sample: Sample | null;
  /** Only where they are asked for. */
  tools: readonly Omit<ProgramTool, "run" | "links">[];
}

/** What the process that reads it prints. */
export type ManifestAnswer = { manifest: Manifest } | { error: ErrorReport };

const timeout_ms = 20_000;
const reader = `${productDirectory}src/extension/manifest_reader.ts`;

/**
 * Null for query files by themselves, and for a project without TypeScript.
 * @throws {SqlwrightError} `extension.invalid` with the place, `config.invalid` naming every wrong setting of
 * it
 */
export async function readManifest(
  config: Config,
  { withTools = false }: { withTools?: boolean } = {},
): Promise<Manifest | null> {
  const { project } = config;
  if (project === null || project.extension === null) return null;
  const { directory, extension } = project;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--cached-only",
      "--frozen",
      `--allow-read=${[directory, `${productDirectory}mod.ts`, `${productDirectory}src`].join(",")}`,
      `--deny-read=${directory}/.env`,
      "--allow-env",
      "--config",
      `${productDirectory}deno.json`,
      reader,
      ...(withTools ? ["--tools"] : []),
    ],
    cwd: directory,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(timeout_ms),
  }).spawn();
  const given = child.stdin.getWriter();
  // A process that has ended already says why by itself.
  await given.write(new TextEncoder().encode(JSON.stringify(config))).then(() => given.close()).catch(
    () => {},
  );
  const { success, stdout, stderr, signal } = await child.output();
  const answer = success ? readAnswer(new TextDecoder().decode(stdout)) : null;
  if (answer === null) {
    const said = new TextDecoder().decode(stderr).trim().split("\n").at(0) ?? "";
    const why = signal === "SIGTERM"
      ? `it was not read within ${timeout_ms / 1000} seconds`
      : `it ended the process that reads it${said === "" ? "" : `: ${said}`}`;
    throw new SqlwrightError("extension.invalid", `Cannot use the extension ${extension}: ${why}`, {
      details: { path: extension },
      hint: "It is to export what defineExtension answers, and to do nothing when it is imported",
    });
  }
  if ("manifest" in answer) return answer.manifest;
  const { code, message, details, hint } = answer.error;
  throw new SqlwrightError(code as SqlwrightError["code"], message, {
    details,
    ...(hint === null ? {} : { hint }),
  });
}

function readAnswer(stdout: string): ManifestAnswer | null {
  try {
    return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as ManifestAnswer;
  } catch {
    return null;
  }
}
