/** Returned by a reader that needs more bytes. */
export const INCOMPLETE = -1;
/** Returned by a reader whose message is invalid; its `parseError` says why. */
export const INVALID = -2;
