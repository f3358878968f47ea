/** Whether the client's connection is kept open after a response, and the line that says so (RFC 9112, 9.3). */

/** What decides it. */
export interface KeepAliveFacts {
  /** The request asks for it. */
  readonly isAsked: boolean;
  /** The balancer ends: it takes no further requests. */
  readonly isClosing: boolean;
  /** The response is ended by the end of the connection. */
  readonly isEndedByClose: boolean;
  /**
   * The request expects a 100, has not had it and its body has not come: after another response the client may leave the body
   * out (RFC 9110, 10.1.1), and what follows could be taken for either.
   */
  readonly isBodyUnsure: boolean;
  /** The server stopped reading the body before it was whole: the client has to be able to tell. */
  readonly isBodyCut: boolean;
}

export const keepsAlive = (facts: KeepAliveFacts): boolean =>
  facts.isAsked && !facts.isClosing && !facts.isEndedByClose && !facts.isBodyUnsure && !facts.isBodyCut;

/** The `Connection` line of a response to a client of HTTP/1.`minor`, with its CRLF; empty where the version says it all. */
export const connectionLine = (keepAlive: boolean, minor: number): string => {
  if (!keepAlive) return "Connection: close\r\n";
  return minor === 0 ? "Connection: keep-alive\r\n" : "";
};
