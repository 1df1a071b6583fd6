/**
 * The candidate that the user probably meant, or `undefined` if none is near. A candidate is near
 * if few letters differ (inserted, removed, replaced, or two neighbours swapped), or if one is the
 * beginning of the other. Case and the separators `-`, `_` and `.` do not count.
 * @param tolerance The share of the letters that may differ. Default a third; below that beginnings
 * do not count.
 */
export function suggestionFor(word: string, candidates: Iterable<string>, tolerance = 1 / 3): string | undefined {
  const wanted = plain(word.slice(0, 100));
  let nearest: string | undefined;
  let least = Infinity;
  for (const candidate of candidates) {
    const known = plain(candidate);
    const most = Math.max(wanted.length, known.length) * tolerance;
    const isBeginning = tolerance >= 1 / 3 && isBeginningOf(wanted, known);
    const distance = isBeginning ? Math.min(most, editDistance(wanted, known)) : editDistance(wanted, known);
    if (distance < least && distance <= most) {
      nearest = candidate;
      least = distance;
    }
  }
  return nearest;
}

function isBeginningOf(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= 3 && (a.startsWith(b) || b.startsWith(a));
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_.]/g, '');
}

/** Optimal string alignment: Levenshtein and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const changed = a[row - 1] === b[column - 1] ? 0 : 1;
      let least = Math.min(at(previous, column) + 1, at(current, column - 1) + 1, at(previous, column - 1) + changed);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        least = Math.min(least, at(beforePrevious, column - 2) + 1);
      }
      current.push(least);
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
