/** Returned by a reader that needs more bytes. */
export const incomplete = -1;
/** Returned by a reader whose message is invalid; its `parseError` says why. */
export const invalid = -2;
