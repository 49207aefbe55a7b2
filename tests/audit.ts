/**
 * `deno task audit`: asks the registry for known faults of the packages in each of the three locks.
 *
 * Ends with 1 for a finding, and with 0 and a clear line where the service cannot be asked: a machine without network can still run
 * everything else. Arguments are passed on to `deno audit`, such as `--ignore=CVE-2026-0001` for a finding that does not concern us.
 */

import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const project = fileURLToPath(new URL("..", import.meta.url));
/** The folders that have a lock of their own. */
const folders = [".", "edgar", "tests"];

async function main(flags: readonly string[]): Promise<number> {
  let hasFindings = false;
  for (const folder of folders) {
    const lock = join(folder, "deno.lock");
    const { output, success } = await audit(join(project, folder), flags);
    if (success) {
      say(`${lock}: no known faults`);
    } else if (/^Found \d+ vulnerabilit/m.test(output)) {
      hasFindings = true;
      say(`${lock}:\n${output.trim()}\n`);
    } else {
      const reason = output.trim().split("\n")[0]!.replace(/^error: /, "");
      const line = `${lock} is NOT audited: ${reason}`;
      // A line of this form is shown as a warning on the page of a run.
      say(Deno.env.get("GITHUB_ACTIONS") ? `::warning::${line}` : line);
    }
  }
  return hasFindings ? 1 : 0;
}

async function audit(
  folder: string,
  flags: readonly string[],
): Promise<{ output: string; success: boolean }> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["audit", ...flags],
    cwd: folder,
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    signal: AbortSignal.timeout(30_000),
  }).output();
  const decoder = new TextDecoder();
  return { success, output: stripVTControlCharacters(decoder.decode(stdout) + decoder.decode(stderr)) };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
