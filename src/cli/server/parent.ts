/**
 * How a server that speaks HTTP notices that its launcher was killed: the launcher holds the other end of its
 * standard input, and the operating system closes it. Works on every platform and needs no permission.
 */

/** Resolves when standard input has ended; what comes in is dropped. Never rejects. */
export async function parentGone(): Promise<void> {
  try {
    await Deno.stdin.readable.pipeTo(new WritableStream());
  } catch {
    // A pipe that breaks tells the same as one that ends.
  }
}
