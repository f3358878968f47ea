/** Upper bounds in seconds: from half a millisecond, what a proxied request on one machine takes, to the response timeout. */
const bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** How long requests took, as a histogram that costs a request a few comparisons. */
export class LatencyHistogram {
  /** Requests by bucket, the last without a bound. */
  readonly buckets = new Float64Array(bounds.length + 1);
  /** Seconds of all requests. */
  sum = 0;

  observe(seconds: number): void {
    let bucket = 0;
    while (bucket < bounds.length && seconds > (bounds[bucket] as number)) bucket++;
    (this.buckets[bucket] as number)++;
    this.sum += seconds;
  }

  /** Adds what another one has seen: `buckets` as this one has them. */
  add(buckets: ArrayLike<number>, sum: number): void {
    for (let bucket = 0; bucket < this.buckets.length; bucket++)
      (this.buckets[bucket] as number) += buckets[bucket] ?? 0;
    this.sum += sum;
  }

  /** The histogram in Prometheus text: each bucket with what is in those below it. */
  text(name: string, help: string): string {
    let count = 0;
    const lines = [...bounds.map(String), "+Inf"].map((bound, bucket) => {
      count += this.buckets[bucket] ?? 0;
      return `${name}_bucket{le="${bound}"} ${count}`;
    });
    return [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} histogram`,
      ...lines,
      `${name}_sum ${this.sum}`,
      `${name}_count ${count}`,
      "",
    ].join("\n");
  }
}
