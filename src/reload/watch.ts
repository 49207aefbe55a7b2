/**
 * Tells when the files of a directory may have changed. Saves come in bursts (an editor's temporary file and
 * rename, a checkout of forty files), so a change is told when the directory has been quiet for a moment; a
 * burst without end is told in between, as not settled. One telling is awaited before the next, and what
 * happens during it is told after it.
 *
 * The system's events can fail: a network file system sends none, a limit refuses the watch, the directory
 * itself is replaced. So names, sizes and times are also compared now and then.
 */

export interface Change {
  /**
   * False in the middle of a burst: what is missing or half written now may be there in a moment. Another
   * change follows.
   */
  isSettled: boolean;
  /** True when the listener itself has asked for this telling and nothing has happened since. */
  isRetry: boolean;
}

export interface WatchOptions {
  /** Ends the watch; a telling under way is waited for. */
  signal: AbortSignal;
  /**
   * Resolves to how long from now it wants to be called again without a change, or to null. Must not reject.
   */
  onChange: (change: Change) => Promise<number | null>;
  /** Called once when the system refuses to watch, and comparing alone goes on. */
  onUnwatchable?: (error: unknown) => void;
  /** Time without an event after which a burst is over. @default 50 */
  quiet_ms?: number;
  /** A burst is told after this long, over or not. @default 1000 */
  burst_ms?: number;
  /** How often files are compared while events come. @default 10000 */
  compare_ms?: number;
  /** The same where no events come. @default 1000 */
  poll_ms?: number;
}

/**
 * Watches until the signal aborts. Never rejects; a directory that is not there is waited for. Events count
 * from this call on, so that nothing is missed by whoever reads the files after it.
 */
export function watchFiles(directory: string, options: WatchOptions): Promise<void> {
  const watch = new Watch(directory, options);
  return watch.run().finally(() => watch.close());
}

/** Reading a file is no change of it, and the listener reads them. */
const changes: ReadonlySet<string> = new Set(["create", "modify", "remove", "rename", "any", "other"]);

class Watch {
  readonly #directory: string;
  readonly #options: WatchOptions;
  readonly #quiet_ms: number;
  #watcher: Deno.FsWatcher | null = null;
  /** Which folder the events come from: another one may take its name. */
  #watched: string | null = null;
  #isUnwatchable = false;
  #firstEvent_ms: number | null = null;
  #lastEvent_ms = 0;
  #wake: () => void = () => {};

  constructor(directory: string, options: WatchOptions) {
    this.#directory = directory;
    this.#options = options;
    this.#quiet_ms = options.quiet_ms ?? 50;
    try {
      const root = Deno.realPathSync(directory);
      this.#open(root, identityOf(root, Deno.statSync(root)));
    } catch {
      // It is not there yet: each look asks again.
    }
  }

  async run(): Promise<void> {
    const { signal, onChange } = this.#options;
    const onAbort = () => this.#wake();
    signal.addEventListener("abort", onAbort, { once: true });
    let known = await this.#look();
    let nextLook_ms = performance.now() + this.#compareEvery_ms;
    let retryAt_ms: number | null = null;
    try {
      while (!signal.aborted) {
        if (this.#firstEvent_ms === null) {
          await this.#sleep(Math.min(nextLook_ms, retryAt_ms ?? nextLook_ms) - performance.now());
          if (signal.aborted) return;
          if (this.#firstEvent_ms === null && performance.now() >= nextLook_ms) {
            const began_ms = performance.now();
            const found = await this.#look();
            if (found !== known) this.#note();
            known = found;
            // Ten thousand files on a slow disk must not be all this process does.
            const took_ms = performance.now() - began_ms;
            nextLook_ms = performance.now() + Math.max(this.#compareEvery_ms, 50 * took_ms);
          }
        }
        const isRetry = this.#firstEvent_ms === null;
        if (isRetry && (retryAt_ms === null || performance.now() < retryAt_ms)) continue;
        const isSettled = isRetry || await this.#settle();
        if (signal.aborted) return;
        this.#firstEvent_ms = null;
        if (!isSettled) this.#note();
        const again_ms = await onChange({ isSettled, isRetry });
        retryAt_ms = again_ms === null ? null : performance.now() + again_ms;
        if (isSettled) {
          // What the listener has read is newer than this look, or an event has come.
          known = await this.#look();
          nextLook_ms = performance.now() + this.#compareEvery_ms;
        }
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  close(): void {
    const watcher = this.#watcher;
    this.#watcher = null;
    this.#watched = null;
    try {
      watcher?.close();
    } catch (error) {
      // It has ended by itself, with the folder.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  get #compareEvery_ms(): number {
    const { compare_ms = 10_000, poll_ms = 1000 } = this.#options;
    return this.#watcher === null ? poll_ms : compare_ms;
  }

  #note(): void {
    this.#lastEvent_ms = performance.now();
    this.#firstEvent_ms ??= this.#lastEvent_ms;
    this.#wake();
  }

  /** Waits for the end of the burst: true; or for the bound: false. */
  async #settle(): Promise<boolean> {
    const end_ms = this.#firstEvent_ms! + (this.#options.burst_ms ?? 1000);
    while (!this.#options.signal.aborted) {
      const now_ms = performance.now();
      const quietAt_ms = this.#lastEvent_ms + this.#quiet_ms;
      if (now_ms >= quietAt_ms) return true;
      if (now_ms >= end_ms) return false;
      await this.#sleep(Math.min(quietAt_ms, end_ms) - now_ms);
    }
    return false;
  }

  /** Until the time is over, an event comes or the watch ends. */
  async #sleep(time_ms: number): Promise<void> {
    if (time_ms <= 0 || this.#options.signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, time_ms);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
  }

  /**
   * The files as they lie there, as one text to compare; and the events are those of the folder that has the
   * name now.
   */
  async #look(): Promise<string> {
    try {
      const root = await Deno.realPath(this.#directory);
      const identity = identityOf(root, await Deno.stat(root));
      if (this.#watched !== identity && !this.#isUnwatchable) this.#open(root, identity);
      return (await listFiles(root, 0)).join("\n");
    } catch (error) {
      this.close();
      return `unreadable: ${(error as Error).name}`;
    }
  }

  #open(root: string, identity: string): void {
    this.close();
    try {
      const watcher = Deno.watchFs(root, { recursive: true });
      this.#watcher = watcher;
      this.#watched = identity;
      this.#listen(watcher).catch(() => {
        // The watch has broken off: the next look opens another.
        if (this.#watcher === watcher) this.close();
      });
    } catch (error) {
      this.#isUnwatchable = true;
      this.#options.onUnwatchable?.(error);
    }
  }

  async #listen(watcher: Deno.FsWatcher): Promise<void> {
    for await (const { kind } of watcher) if (changes.has(kind)) this.#note();
  }
}

function identityOf(root: string, { dev, ino }: Deno.FileInfo): string {
  return `${root} ${dev} ${ino}`;
}

/**
 * A module's folder is one deep; query files in deeper ones are errors that are told, so they are seen too.
 */
const maximumDepth = 4;

async function listFiles(folder: string, depth: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const { name, isDirectory, isSymlink } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    try {
      // A link counts as what it leads to now.
      const { size, mtime, ino, isDirectory: leadsToFolder } = await Deno.stat(path);
      lines.push(`${path} ${size} ${mtime?.getTime() ?? 0} ${ino ?? 0}`);
      if ((isDirectory || (isSymlink && leadsToFolder)) && depth < maximumDepth) {
        lines.push(...await listFiles(path, depth + 1));
      }
    } catch (error) {
      lines.push(`${path} ${(error as Error).name}`);
    }
  }
  return lines.sort();
}
