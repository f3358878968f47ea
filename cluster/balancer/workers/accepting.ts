/** How workers come by their connections: from the kernel where it can share them out, else from the process above them. */
import type { Endpoint } from "../../listen.ts";
import { type Accepted, type Listener, listenFor } from "../proxy/listener.ts";
import type { AcceptedBy } from "../telemetry/proxy-stats.ts";

/** Whether this Node and system let several listen on one port of `host`, found by trying: Node from 22.12 on, on Linux. */
async function canShare(host: string): Promise<boolean> {
  const drop = (accepted: Accepted): void => void accepted;
  const listeners: Listener[] = [];
  try {
    listeners.push(await listenFor({ host, port: 0 }, drop, "shared"));
    listeners.push(await listenFor({ host, port: (listeners[0] as Listener).port }, drop, "shared"));
    return true;
  } catch {
    return false;
  } finally {
    await Promise.all(listeners.map((listener) => listener.close()));
  }
}

/**
 * Takes the port for workers, so that it is nobody else's. Returns who accepts there, and the listener: where the kernel
 * shares connections out it has been closed again, for the workers to listen. Rejects with the system's error when the port is
 * taken, also by one who would share it.
 */
export async function takePort(
  at: Endpoint,
  take: (accepted: Accepted) => void,
): Promise<{ acceptedBy: AcceptedBy; listener: Listener }> {
  const listener = await listenFor(at, take);
  if (!(await canShare(at.host))) return { acceptedBy: "dispatcher", listener };
  await listener.close();
  return { acceptedBy: "kernel", listener: { port: listener.port, close: async () => {} } };
}
