// One process per core: the primary starts the workers, starts a dead one again, passes on what they must
// know of each other, and ends them. It takes no requests; its workers share one port.
import cluster, { type Worker } from "node:cluster";
import { AggregatorRegistry } from "prom-client";

export interface PrimaryLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What workers and primary say to each other. */
export type Message =
  /** Events that a worker took from the buckets of its callers: the others take them too. */
  | { kind: "taken"; charges: [who: string, rate: number, events: number][] }
  | { kind: "metrics-wanted"; id: number }
  | { kind: "metrics"; id: number; text: string }
  /** The end, in two steps: all stop listening before any closes a connection that its client then opens anew. */
  | { kind: "stop-listening" }
  | { kind: "stopped" }
  | { kind: "wind-down" };

const pauseMsMax = 10_000;
/** A worker that lived for so long did not die of its start. */
const soundMs = 30_000;

/**
 * Keeps `count` workers running until `ended` is asked for. Resolves to an exit code once the last one
 * has ended: 0 if all did in order.
 */
export function runPrimary(
  count: number,
  logger: PrimaryLogger,
): { end: (signal: NodeJS.Signals) => void; ended: Promise<number> } {
  const registry = new AggregatorRegistry();
  let isEnding = false;
  let failures = 0;
  /** Workers that took connections at some time. */
  const serving = new Set<Worker>();
  let code = 0;
  let resolveEnded = (_: number) => {};
  const ended = new Promise<number>((resolve) => {
    resolveEnded = resolve;
  });
  const living = () => Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);

  const tell = (message: Message) => {
    for (const worker of living()) if (worker.isConnected()) worker.send(message);
  };
  const listening = new Set<Worker>();
  /** No longer takes connections, or is gone. */
  function noteStopped(worker: Worker): void {
    if (listening.delete(worker) && isEnding && listening.size === 0) tell({ kind: "wind-down" });
  }

  async function hear(from: Worker, message: Message): Promise<void> {
    if (message.kind === "stopped") noteStopped(from);
    if (message.kind === "taken") {
      for (const worker of living()) if (worker !== from && worker.isConnected()) worker.send(message);
    } else if (message.kind === "metrics-wanted") {
      const text = await registry.clusterMetrics().catch((error: Error) => `# ${error.message}\n`);
      if (from.isConnected()) from.send({ kind: "metrics", id: message.id, text } satisfies Message);
    }
  }

  function start(): void {
    const worker = cluster.fork();
    const startedMs = Date.now();
    worker.on("message", (message: Message) => void hear(worker, message));
    worker.on("listening", () => serving.add(worker));
    worker.on("exit", (exitCode, signal) => {
      if (isEnding) {
        noteStopped(worker);
        code ||= exitCode ?? 1;
        if (living().length === 0) resolveEnded(code);
        return;
      }
      // None ever served: whatever is wrong, another start won't mend it.
      if (serving.size === 0) return resolveEnded(1);
      failures = Date.now() - startedMs > soundMs ? 1 : failures + 1;
      const pauseMs = Math.min(100 * 2 ** failures, pauseMsMax);
      logger.warn({ worker: worker.process.pid, exitCode, signal, pauseMs }, "worker died; starting another");
      setTimeout(() => !isEnding && start(), pauseMs);
    });
  }

  logger.info({ processes: count }, "starting workers");
  for (let n = 0; n < count; n += 1) start();
  return {
    ended,
    end(signal) {
      if (isEnding) return resolveEnded(1); // asked twice: whoever asks won't wait
      isEnding = true;
      logger.info({ signal }, "ending the workers");
      for (const worker of living()) {
        if (serving.has(worker)) listening.add(worker);
        else worker.process.kill("SIGTERM"); // still starting: it hears no message yet
      }
      tell({ kind: "stop-listening" });
      if (living().length === 0) resolveEnded(code);
    },
  };
}
