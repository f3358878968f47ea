/** The system's code (`ECONNREFUSED`) where there is one: a message may hold an address. */
export const codeOf = (error: Error): string =>
  "code" in error && typeof error.code === "string" ? error.code : error.message;

/** This process, or this machine, has run out of descriptors, memory or ports. */
const local: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EADDRNOTAVAIL"]);

/** Whether a failure to connect is our own and says nothing of the server. */
export const isLocal = (code: string): boolean => local.has(code);
