import type { HostSelection } from "../../cluster/host-selection.ts";
import type { Settings } from "../../config/options.ts";
import type { TrustedProxies } from "../../config/trusted-proxies.ts";
import type { AccessLog } from "../../telemetry/access-log.ts";
import type { Clock, UpstreamDispatcher } from "../contract.ts";
import type { RetryBudget } from "./retry-budget.ts";

/** What all exchanges share. */
export interface ExchangeContext {
  readonly cluster: HostSelection;
  readonly trust: TrustedProxies;
  readonly settings: Settings;
  readonly upstream: UpstreamDispatcher;
  readonly retryBudget: RetryBudget;
  /** Null for no access log: nothing is gathered for it then. */
  readonly accessLog: AccessLog | null;
  readonly clock: Clock;
  /** The balancer ends: responses say so. */
  readonly isClosing: boolean;
  /** Called once for each request, at its end; `localStatus` is the status of a local reply, null for a server's response. */
  requestDone(seconds: number, localStatus: number | null): void;
}
