// One process per core: the primary starts the workers, starts a dead one again, replaces all of them one by
// one, passes on what they must know of each other, and ends them. Its workers share one port.
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
  | { kind: "wind-down" }
  /** How often all workers were replaced, and why the last time went wrong. */
  | ({ kind: "rolls" } & Rolls);

export interface Rolls {
  rolls: number;
  rollFailed?: string;
}

const pauseMsMax = 10_000;
/** A worker that lived for so long did not die of its start. */
const soundMs = 30_000;
/** A worker that takes another's place waits so long at most until it can produce: it must not answer 503. */
const settleMs = 15_000;
/** It takes no connections after so long: the old one stays. */
const startMsMax = 60_000;

/**
 * Keeps `count` workers running until `ended` is asked for. Resolves to an exit code once the last one
 * has ended: 0 if all did in order. `roll` replaces each worker by a new one, which reads the contracts again:
 * no request fails, and where a new one doesn't start, the old ones stay.
 */
export function runPrimary(
  count: number,
  logger: PrimaryLogger,
): { end: (signal: NodeJS.Signals) => void; roll: () => Promise<void>; ended: Promise<number> } {
  const registry = new AggregatorRegistry();
  let isEnding = false;
  let failures = 0;
  /** Workers that took connections at some time. */
  const serving = new Set<Worker>();
  /** Workers whose place another has taken: on their way out. */
  const leaving = new Set<Worker>();
  /** New workers that take another's place: nobody starts them again. */
  const coming = new Set<Worker>();
  let state: Rolls = { rolls: 0 };
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
    if (message.kind === "stopped" && leaving.has(from) && !isEnding)
      from.send({ kind: "wind-down" } satisfies Message);
    else if (message.kind === "stopped") noteStopped(from);
    if (message.kind === "taken") {
      for (const worker of living()) if (worker !== from && worker.isConnected()) worker.send(message);
    } else if (message.kind === "metrics-wanted") {
      const text = await registry.clusterMetrics().catch((error: Error) => `# ${error.message}\n`);
      if (from.isConnected()) from.send({ kind: "metrics", id: message.id, text } satisfies Message);
    }
  }

  function start(env?: object): Worker {
    const worker = cluster.fork(env);
    const startedMs = Date.now();
    worker.on("message", (message: Message) => void hear(worker, message));
    worker.on("listening", () => {
      serving.add(worker);
      worker.send({ kind: "rolls", ...state } satisfies Message);
    });
    worker.on("exit", (exitCode, signal) => {
      if (isEnding) {
        noteStopped(worker);
        code ||= exitCode ?? 1;
        if (living().length === 0) resolveEnded(code);
        return;
      }
      if (leaving.delete(worker) || coming.delete(worker)) return;
      // None ever served: whatever is wrong, another start won't mend it.
      if (serving.size === 0) return resolveEnded(1);
      failures = Date.now() - startedMs > soundMs ? 1 : failures + 1;
      const pauseMs = Math.min(100 * 2 ** failures, pauseMsMax);
      logger.warn({ worker: worker.process.pid, exitCode, signal, pauseMs }, "worker died; starting another");
      setTimeout(() => !isEnding && start(), pauseMs);
    });
    return worker;
  }

  /** Starts a worker that reads the contracts as they are now. Rejects where it takes no connections. */
  async function startAnew(): Promise<void> {
    const worker = start({ SWORDLAKE_API_SETTLE_MS: String(settleMs) });
    coming.add(worker);
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      worker.once("listening", resolve);
      worker.once("exit", (exitCode) =>
        reject(new Error(`a new worker ended with ${exitCode}; its log says why`)),
      );
      timer = setTimeout(() => {
        reject(new Error(`a new worker took no connections in ${startMsMax / 1000} s`));
        worker.process.kill("SIGKILL");
      }, startMsMax);
    }).finally(() => clearTimeout(timer));
    coming.delete(worker);
  }

  async function replaceAll(): Promise<string | undefined> {
    for (const old of living()) {
      if (isEnding) return "the API is ending";
      try {
        await startAnew();
      } catch (error) {
        return (error as Error).message;
      }
      if (isEnding || !old.isConnected()) continue;
      const gone = new Promise((resolve) => old.once("exit", resolve));
      leaving.add(old);
      old.send({ kind: "stop-listening" } satisfies Message);
      await gone;
    }
    return undefined;
  }

  let rolling: Promise<void> = Promise.resolve();
  /** One after another: whoever asks while one is under way may have changed the contracts since. */
  function roll(): Promise<void> {
    rolling = rolling.then(async () => {
      if (isEnding) return;
      logger.info({ workers: living().length }, "replacing the workers");
      const rollFailed = await replaceAll();
      state = { rolls: state.rolls + 1, ...(rollFailed ? { rollFailed } : {}) };
      if (rollFailed) logger.warn({ rollFailed }, "the workers that are left serve the contracts of before");
      else logger.info({ rolls: state.rolls }, "all workers serve the contracts of now");
      tell({ kind: "rolls", ...state });
    });
    return rolling;
  }

  logger.info({ processes: count }, "starting workers");
  for (let n = 0; n < count; n += 1) start();
  return {
    ended,
    roll,
    end(signal) {
      if (isEnding) return resolveEnded(1); // asked twice: whoever asks won't wait
      isEnding = true;
      logger.info({ signal }, "ending the workers");
      for (const worker of living()) {
        if (leaving.has(worker)) worker.send({ kind: "wind-down" } satisfies Message);
        else if (serving.has(worker)) listening.add(worker);
        else worker.process.kill("SIGTERM"); // still starting: it hears no message yet
      }
      tell({ kind: "stop-listening" });
      if (living().length === 0) resolveEnded(code);
    },
  };
}
