/** Levenshtein distance: how many letters to insert, delete or replace to turn `a` into `b`. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

/** The end of a message about an unknown word: the nearest known one, where one is near, and all of them. */
export function suggest(word: string, known: readonly string[]): string {
  const near = known
    .map((name) => ({ name, far: distance(word.slice(0, 40).toLowerCase(), name) }))
    .filter(({ name, far }) => far <= Math.max(2, name.length / 3))
    .sort((a, b) => a.far - b.far)[0];
  const hint = near === undefined ? "" : `did you mean ${near.name}? `;
  return known.length === 0 ? "there are none" : `${hint}choose from ${known.join(", ")}`;
}
