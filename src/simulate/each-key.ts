/** How a long pass over keys is watched and ended. */
export interface Watch {
  /** Hears how many keys are done: now and then, and at the end. */
  readonly onProgress?: ((done: number, count: number) => void) | undefined;
  /** Once it is aborted, the pass rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Seldom enough to cost nothing, often enough for a smooth bar and a prompt Ctrl-C. */
const KEYS_AT_A_TIME = 2 ** 14;

/** Calls `visit` for each index below `count`, and lets the event loop in between. */
export async function eachKey(count: number, visit: (index: number) => void, watch: Watch = {}): Promise<void> {
  for (let from = 0; from < count; from += KEYS_AT_A_TIME) {
    const to = Math.min(from + KEYS_AT_A_TIME, count);
    for (let index = from; index < to; index++) visit(index);
    watch.onProgress?.(to, count);
    await new Promise(setImmediate);
    watch.signal?.throwIfAborted();
  }
}
