/**
 * Each of `all` by turns, for ever; undefined while there is none. Who comes during a round waits for the next: where
 * more come than are looked at, a round would never end otherwise.
 */
export function* byTurns<T>(all: ReadonlySet<T>): Generator<T | undefined, never> {
  for (;;) {
    let left = all.size;
    if (left === 0) yield undefined;
    for (const one of all) {
      if (left === 0) break;
      left -= 1;
      yield one;
    }
  }
}
