// What the API counts, for Prometheus. Labels have few values: routes are templates, never paths.
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export interface Metrics {
  /** One answered request. */
  answered(route: string, method: string, status: number, seconds: number): void;
  /** Events of one pipeline with one outcome: accepted, unknown, or the code of a refusal. */
  events(pipeline: string, type: string, outcome: string, count?: number): void;
  received(bytes: number): void;
  text(): Promise<string>;
  contentType: string;
}

export interface Gauges {
  /** Events that wait for Kafka's acknowledgement, and how many may. */
  waiting: () => number;
  waitingMax: number;
}

const latencyBuckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Counts in a registry of its own, which is also the one that a cluster's primary asks this worker for. */
export function createMetrics({ waiting, waitingMax }: Gauges): Metrics {
  const registry = new Registry();
  const registers = [registry];
  AggregatorRegistry.setRegistries([registry]);
  collectDefaultMetrics({ register: registry });
  const seconds = new Histogram({
    name: "swordlake_http_request_seconds",
    help: "Time from a request's first byte to its answer, by route, method and status",
    labelNames: ["route", "method", "status"],
    buckets: latencyBuckets,
    registers,
  });
  const events = new Counter({
    name: "swordlake_events_total",
    help: "Events by pipeline, type and outcome: accepted, unknown, or the code of the refusal",
    labelNames: ["pipeline", "event_type", "outcome"],
    registers,
  });
  const bytes = new Counter({
    name: "swordlake_http_body_bytes_total",
    help: "Bytes of request bodies, as they were parsed",
    registers,
  });
  new Gauge({
    name: "swordlake_events_waiting",
    help: "Events that wait for Kafka's acknowledgement",
    registers,
    collect() {
      this.set(waiting());
    },
  });
  new Gauge({
    name: "swordlake_events_waiting_max",
    help: "How many events may wait; beyond it, 503",
    registers,
  }).set(waitingMax);
  // Looking a label set up anew costs more than counting: each is looked up once.
  const observers = remember((route: string, method: string, status: string) =>
    seconds.labels(route, method, status),
  );
  const counters = remember((pipeline: string, type: string, outcome: string) =>
    events.labels(pipeline, type, outcome),
  );
  return {
    answered: (route, method, status, took) => observers(route, method, String(status)).observe(took),
    events: (pipeline, type, outcome, count = 1) => counters(pipeline, type, outcome).inc(count),
    received: (count) => bytes.inc(count),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** The same result for the same three words. */
function remember<T>(make: (a: string, b: string, c: string) => T): (a: string, b: string, c: string) => T {
  const known = new Map<string, Map<string, Map<string, T>>>();
  return (a, b, c) => {
    const found = known.get(a)?.get(b)?.get(c);
    if (found !== undefined) return found;
    const made = make(a, b, c);
    const byB = known.get(a) ?? new Map<string, Map<string, T>>();
    const byC = byB.get(b) ?? new Map<string, T>();
    known.set(a, byB.set(b, byC.set(c, made)));
    return made;
  };
}
