/** One server as a process: `LBCTL_NAME`, `LBCTL_HOST` (127.0.0.1 unless set) and `LBCTL_PORT` say which. */
import { explainListenError } from "../listen.ts";
import { type ServerOptions, startServer } from "./server.ts";

// Whoever reads our log may leave: we go on without.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

/** Reads the environment; throws a sentence that names the variable. */
function optionsFromEnv(env: NodeJS.ProcessEnv): ServerOptions {
  const name = env.LBCTL_NAME ?? "";
  // The name goes into a header field.
  if (!/^(?! )[\x20-\x7e]{1,128}(?<! )$/.test(name)) throw new Error("LBCTL_NAME must be set to a name in plain ASCII");
  const port = Number(env.LBCTL_PORT || Number.NaN);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error("LBCTL_PORT must be a port, 0 to 65535");
  return { name, host: env.LBCTL_HOST || "127.0.0.1", port };
}

try {
  const options = optionsFromEnv(process.env);
  const server = await startServer(options);
  process.stdout.write(`${options.name} listening on http://${options.host}:${server.port}\n`);
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void server.close());
} catch (error) {
  const message = explainListenError(error, "LBCTL_PORT") ?? (error instanceof Error ? error.message : String(error));
  process.stderr.write(`server: ${message}\n`);
  process.exitCode = 1;
}
