// Part "balancer": what the data plane costs, beside nginx and HAProxy. Programs that are not installed are left out.
import { connections, cost } from "./balancer/cost.js";
import { latency, slow } from "./balancer/latency.js";
import { memory } from "./balancer/memory.js";
import { workers } from "./balancer/workers.js";

const onLinux = ({ measure, text }) => ({
  measure: async (quick) => (process.platform === "linux" ? measure(quick) : null),
  text: (result) =>
    result === null ? "Balancers are measured on Linux, which tells what processes use." : text(result),
});

export const balancer = {
  "balancer/cost": onLinux(cost),
  "balancer/workers": onLinux(workers),
  "balancer/latency": onLinux(latency),
  "balancer/slow": onLinux(slow),
  "balancer/memory": onLinux(memory),
  "balancer/connections": onLinux(connections),
};
