// The balancers that are compared, and the servers behind them: programs with their configurations.
import { truncateSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { end, file, freePort, listening, start } from "./children.js";
import { programs } from "./machine.js";

const bin = fileURLToPath(new URL("../../lbctl.js", import.meta.url));
const server = fileURLToPath(new URL("../../../dist/cluster/server/main.js", import.meta.url));
const environment = { LBCTL_TOKEN: "a-token-of-the-benchmark" };

/** An answer that a client who reads nothing leaves standing: more than a connection's buffers hold. */
const BIG_BYTES = 2 ** 24;

/** As root nginx becomes another user, who may not read our folder. */
const nginxHead = (name, workers) => `daemon off; worker_processes ${workers}; pid ${file(`${name}.pid`)};
error_log stderr crit; ${process.getuid() === 0 ? "user root;" : ""} events { worker_connections 20000; }
http { access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; proxy_max_temp_file_size 0;
${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((of) => `${of}_temp_path ${file(`${name}-${of}`)};`).join(" ")}`;

const nginxCommand = (name, text) => [programs.nginx.path, "-c", file(`${name}.conf`, text)];

/** Servers on three ports: small answers, a big one at /big, and at /data/body one that waits for the request's whole body. */
function nginxServers(ports) {
  truncateSync(file("big", ""), BIG_BYTES);
  const listens = ports.map((port) => `listen 127.0.0.1:${port} backlog=4096;`).join(" ");
  return nginxCommand(
    "servers",
    `${nginxHead("servers", 1)} client_max_body_size 0;
server { ${listens} location = /big { alias ${file("big")}; } location = /data/body { proxy_pass http://127.0.0.1:${ports[0]}/; }
location / { default_type application/json; return 200 '{"message":"Hello from Server: 1","status":"successful"}'; } } }`,
  );
}

/**
 * Starts servers on three ports, on the core of what is not measured: nginx where it is installed, else our own, which
 * have no big answer.
 * @param {import("./machine.js").Cores} cores
 */
export async function startServers({ others: core }) {
  const ports = [await freePort(), await freePort(), await freePort()];
  const own = (port) =>
    start([process.execPath, server], { core, env: { LBCTL_NAME: `s${port}`, LBCTL_PORT: String(port) } });
  const one = programs.nginx === null ? null : start(nginxServers(ports), { core });
  const children = one === null ? ports.map(own) : [one];
  for (const [at, port] of ports.entries()) await listening(children[at] ?? one, port);
  return { ports, end: () => children.forEach(end) };
}

/** lbctl with everything on, and more flags. */
export const lbctl = (name, ...flags) => ({
  name: `lbctl, ${name}`,
  command: (port, servers) => [
    ...[process.execPath, bin, "balance", "--quiet", "--listen", `127.0.0.1:${port}`, "--control", "127.0.0.1:0"],
    ...servers.flatMap((at) => ["--server", `s${at}=127.0.0.1:${at}`]),
    ...["--key", "uri", ...flags],
  ],
});

/** nginx, where it is installed. */
export const nginx = (workers = 1, more = "") =>
  programs.nginx === null
    ? []
    : {
        name: `nginx, ${workers === 1 ? "1 worker" : `${workers} workers`}`,
        command: (port, servers) =>
          nginxCommand(
            `nginx-${port}`,
            `${nginxHead(`nginx-${port}`, workers)} ${more}
upstream servers { hash $request_uri consistent; ${servers.map((at) => `server 127.0.0.1:${at};`).join(" ")}
keepalive 512; keepalive_requests 1000000000; keepalive_timeout 600s; }
server { listen 127.0.0.1:${port} backlog=4096; location / { proxy_http_version 1.1; proxy_set_header Connection "";
proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_pass http://servers; } } }`,
          ),
      };

/** HAProxy, where it is installed. */
export const haproxy = () =>
  programs.haproxy === null
    ? []
    : {
        name: "HAProxy, 1 thread",
        command: (port, servers) => [
          ...[programs.haproxy.path, "-db", "-f"],
          file(
            `haproxy-${port}.cfg`,
            `global
  nbthread 1
  maxconn 8192
defaults
  mode http
  option forwardfor
  timeout client 600s
  timeout server 600s
  timeout connect 5s
  timeout http-keep-alive 600s
frontend clients
  bind 127.0.0.1:${port}
  default_backend servers
backend servers
  balance uri whole
  hash-type consistent
  http-reuse always
${servers.map((at) => `  server s${at} 127.0.0.1:${at} check inter 1s`).join("\n")}
`,
          ),
        ],
      };

/**
 * Starts balancers before the servers at these ports; each with its name, port and process.
 * @param {any[]} targets
 * @param {number[]} servers
 * @param {import("./machine.js").Cores} cores
 */
export async function startTargets(targets, servers, { balancer: core }) {
  const started = [];
  for (const { name, command } of targets.flat()) {
    const port = await freePort();
    started.push({ name, port, child: start(command(port, servers), { core, env: environment }) });
  }
  for (const { child, port } of started) await listening(child, port);
  return started;
}
