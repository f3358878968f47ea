/**
 * The idle connections to one server. A connection that has just been freed cools: it can be taken when one more poll phase of the
 * event loop has found nothing on it, so that a server's FIN or RST right behind a response is seen before a request is put on it.
 */
export class IdleConnections<Connection> {
  /** Ready; the last to come is taken first, so that those that are not needed end. */
  readonly #ready: Connection[] = [];
  /** Freed in the present poll phase, and in the one before. */
  #freed: Connection[] = [];
  #cooled: Connection[] = [];

  /** Adds a connection that has just been freed. */
  add(connection: Connection): void {
    this.#freed.push(connection);
  }

  take(): Connection | undefined {
    return this.#ready.pop();
  }

  /** Call it in the check phase (`setImmediate`), right behind a poll phase. Returns whether it has to be called again. */
  turn(): boolean {
    for (const connection of this.#cooled) this.#ready.push(connection);
    this.#cooled = this.#freed;
    this.#freed = [];
    return this.#cooled.length > 0;
  }

  get isAnyReady(): boolean {
    return this.#ready.length > 0;
  }

  /** How many become ready by themselves. */
  get cooling(): number {
    return this.#freed.length + this.#cooled.length;
  }

  get size(): number {
    return this.#ready.length + this.cooling;
  }

  /** Returns whether the connection was idle. */
  remove(connection: Connection): boolean {
    return [this.#ready, this.#cooled, this.#freed].some((list) => {
      const at = list.indexOf(connection);
      if (at >= 0) list.splice(at, 1);
      return at >= 0;
    });
  }

  /** Removes and returns all. */
  clear(): Connection[] {
    return [...this.#ready.splice(0), ...this.#cooled.splice(0), ...this.#freed.splice(0)];
  }
}
