// What a worker of a cluster has in common with the others: the buckets of callers, and the metrics.
// A process alone has neither to share.
import cluster from "node:cluster";
import { AggregatorRegistry } from "prom-client";
import type { Metrics } from "./metrics.ts";
import type { Message, Rolls } from "./primary.ts";
import { createRateLimiter, type RateLimiter } from "./rate-limits.ts";

const shareEveryMs = 100;
const metricsWaitMs = 6000;

/** A limiter whose buckets are those of all workers, but for what was taken in the last tenth of a second. */
export function sharedRateLimiter(): RateLimiter {
  const limiter = createRateLimiter();
  const { worker } = cluster;
  if (!worker) return limiter;
  const taken = new Map<string, { rate: number; events: number }>();
  const note = (who: string, rate: number, events: number) => {
    const known = taken.get(who);
    if (known) known.events += events;
    else taken.set(who, { rate, events });
  };
  setInterval(() => {
    if (taken.size === 0 || !worker.isConnected()) return;
    const charges = [...taken].map(([who, { rate, events }]): [string, number, number] => [
      who,
      rate,
      events,
    ]);
    taken.clear();
    worker.send({ kind: "taken", charges } satisfies Message);
  }, shareEveryMs).unref();
  worker.on("message", (message: Message) => {
    if (message.kind === "taken") for (const charge of message.charges) limiter.charge(...charge);
  });
  return {
    take(who, rate, events) {
      limiter.take(who, rate, events);
      note(who, rate, events);
    },
    charge(who, rate, events) {
      limiter.charge(who, rate, events);
      note(who, rate, events);
    },
  };
}

/** What the primary last said of replacing workers; undefined in a process alone, which nobody replaces. */
export function toldRolls(): () => Rolls | undefined {
  let told: Rolls | undefined;
  cluster.worker?.on("message", (message: Message) => {
    if (message.kind !== "rolls") return;
    const { kind: _kind, ...rolls } = message;
    told = rolls;
  });
  return () => told;
}

/** The text of this process's metrics, or of all workers' where there are others. */
export function metricsText(metrics: Metrics): () => Promise<string> {
  const { worker } = cluster;
  if (!worker) return metrics.text;
  new AggregatorRegistry(); // answers the primary when it asks for this worker's part
  const waiting = new Map<number, (text: string) => void>();
  let asked = 0;
  worker.on("message", (message: Message) => {
    if (message.kind === "metrics") waiting.get(message.id)?.(message.text);
  });
  return () =>
    new Promise((resolve, reject) => {
      const id = ++asked;
      const timer = setTimeout(() => {
        waiting.delete(id);
        reject(new Error("the primary did not tell the metrics of all workers"));
      }, metricsWaitMs);
      waiting.set(id, (text) => {
        clearTimeout(timer);
        waiting.delete(id);
        resolve(text);
      });
      worker.send({ kind: "metrics-wanted", id } satisfies Message);
    });
}
