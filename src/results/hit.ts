/**
 * One request, as observed: the only record that crosses from load to statistics, reports and files.
 * Counts are made from hits, never inferred.
 */
export interface Hit {
  /** 0-based number of the request within its burst. */
  readonly index: number;
  readonly key: string;
  readonly method: string;
  /** HTTP status; 0 when no response came. */
  readonly status: number;
  /** The server that the response names (X-Served-By); null where it names none. */
  readonly server: string | null;
  /** How many servers the balancer tried, this one included. */
  readonly attempts: number;
  /** Milliseconds since the burst began. */
  readonly startMs: number;
  readonly latencyMs: number;
  /** What kind of failure (ECONNREFUSED, TIMEOUT, "HTTP 503"…); null when the request succeeded. */
  readonly error: string | null;
}
