/** What somebody may have meant by a name that is not known. */

/**
 * The candidate that is near enough to be a slip of the keyboard, in either case; the first of several. Null
 * where there is none.
 */
export function nearestName(name: string, candidates: Iterable<string>): string | null {
  const wanted = name.toLowerCase();
  let nearest: string | null = null;
  let least = Infinity;
  for (const candidate of candidates) {
    const steps = distance(wanted, candidate.toLowerCase());
    const most = Math.max(1, Math.min(4, Math.ceil(Math.min(name.length, candidate.length) / 3)));
    if (steps <= most && steps < least) [nearest, least] = [candidate, steps];
  }
  return nearest;
}

/**
 * Characters to insert, remove or exchange between two words, by the rows of Levenshtein's table. Our own,
 * because the settings are read before any package is fetched.
 */
function distance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const exchange = above[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(exchange, above[column]! + 1, current[column - 1]! + 1));
    }
    above = current;
  }
  return above[to.length]!;
}
