/** What somebody may have meant by a name that is not known. */

import { distance } from "fastest-levenshtein";

/** The candidate that is near enough to be a slip of the keyboard, in either case; the first of several. Null where there is none. */
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
