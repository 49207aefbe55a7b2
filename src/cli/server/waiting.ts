/**
 * Since when a person waits for a command: from the first process of the task or the package's command on,
 * not from ours.
 */

/** Linux counts a process's start in hundredths of a second since the machine's. */
const ticksPerSecond = 100;

/**
 * @param startedAt_ms what the process before this one knows, in milliseconds since 1970; null for none
 * @returns milliseconds since 1970
 */
export async function waitingSince(startedAt_ms: number | null): Promise<number> {
  const own_ms = Math.min(performance.timeOrigin, startedAt_ms ?? Number.POSITIVE_INFINITY);
  if (Deno.build.os !== "linux") return own_ms;
  try {
    return Math.min(own_ms, await startOfTask());
  } catch {
    // No /proc, or one that hides other processes: our own start is the best that is known.
    return own_ms;
  }
}

/** `deno task` and npm set INIT_CWD for what they run, so the first process without it began the task. */
async function startOfTask(): Promise<number> {
  let pid = Deno.pid;
  for (let depth = 0; depth < 10 && await isInTask(pid); depth++) pid = (await readStat(pid)).parent;
  const uptime_s = Number((await Deno.readTextFile("/proc/uptime")).split(" ")[0]);
  const age_s = uptime_s - (await readStat(pid)).startedAt_ticks / ticksPerSecond;
  if (!Number.isFinite(age_s)) throw new TypeError("/proc is not as it should be");
  return Date.now() - age_s * 1000;
}

async function isInTask(pid: number): Promise<boolean> {
  return `\0${await Deno.readTextFile(`/proc/${pid}/environ`)}`.includes("\0INIT_CWD=");
}

/** The name of the program, in brackets, may hold anything; what follows is numbers. */
async function readStat(pid: number): Promise<{ parent: number; startedAt_ticks: number }> {
  const text = await Deno.readTextFile(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { parent: Number(fields[1]), startedAt_ticks: Number(fields[19]) };
}
