/** Keys by number, made when they are asked for: ten million of them take no memory. */
export interface KeySource {
  readonly count: number;
  /** The key of 0 ≤ index < count: the same on every call. */
  key(index: number): string;
}
