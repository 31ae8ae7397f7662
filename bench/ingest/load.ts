// Load over keep-alive connections: closed loop for the most that a collector can do, open loop at
// a constant rate for its latency, which counts from the moment a request was due.
import { setTimeout as delay } from "node:timers/promises";
import * as hdr from "hdr-histogram-js";
import { type Connection, openConnection } from "./connection.ts";

export interface Target {
  port: number;
  /** Whole requests, sent in turn. */
  requests: Buffer[];
  eventsPerRequest: number;
  /** Statuses beside 202 that are no fault: refusals of what comes in beyond the capacity. */
  refusals?: number[];
}

export interface Load {
  /** Events answered 202 so far. */
  readonly accepted: number;
  /** Sends nothing more, waits for what is under way. Throws where any answer was not 202. */
  end(): Promise<void>;
}

const drainTimeoutMs = 15_000;

/**
 * Keeps this process from sleeping until the returned function is called. A sleeping load is woken by each
 * answer, and that is billed to whoever wrote it: an interrupt of the other core, in a virtual machine a way
 * through the host, 10 to 15 microseconds an answer here, half of what a request costs. Clients on other
 * machines cost a collector no such thing.
 */
function stayAwake(): () => void {
  let isOver = false;
  const turn = () => void (isOver || setImmediate(turn));
  turn();
  return () => {
    isOver = true;
  };
}

/** Opens the connections; `onIdle` is told each that may send. */
async function connect(
  { port, eventsPerRequest, refusals = [] }: Target,
  count: number,
  onIdle: (connection: Connection, index: number, status?: number) => void,
) {
  const connections: Connection[] = [];
  const state = { accepted: 0, refused: 0, underWay: 0, fault: undefined as Error | undefined };
  const onBroken = (error: Error) => {
    state.fault ??= error;
  };
  for (let index = 0; index < count; index += 1) {
    const onAnswer = (status: number) => {
      state.underWay -= 1;
      if (status === 202) state.accepted += eventsPerRequest;
      else if (refusals.includes(status)) state.refused += eventsPerRequest;
      else state.fault ??= new Error(`127.0.0.1:${port} answered ${status} where 202 was expected`);
      onIdle(connections[index]!, index, status);
    };
    connections.push(await openConnection(port, onAnswer, onBroken));
  }
  async function drain(): Promise<void> {
    const deadline = Date.now() + drainTimeoutMs;
    while (state.underWay > 0 && !state.fault) {
      if (Date.now() > deadline) throw new Error(`${state.underWay} requests to port ${port} have no answer`);
      await delay(10);
    }
    for (const connection of connections) connection.close();
    if (state.fault) throw state.fault;
  }
  return { connections, state, drain };
}

/** Each connection sends its next request when its last answer is in. */
export async function closedLoop(target: Target, connectionCount: number): Promise<Load> {
  const { requests } = target;
  let isEnding = false;
  let next = 0;
  const send = (connection: Connection) => {
    if (isEnding || state.fault) return;
    state.underWay += 1;
    connection.send(requests[next++ % requests.length]!);
  };
  const { connections, state, drain } = await connect(target, connectionCount, send);
  const sleep = stayAwake();
  for (const connection of connections) send(connection);
  return {
    get accepted() {
      return state.accepted;
    },
    end() {
      isEnding = true;
      return drain().finally(sleep);
    },
  };
}

export interface Latency {
  p50Ms: number;
  p99Ms: number;
  accepted: number;
  /** Events refused, and how long these took from the moment the request went out. */
  refused: number;
  refusedP99Ms: number;
}

const latencies = () => hdr.build({ highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: 3 });

/** A request falls due at every tick of a constant rate, whether or not the collector keeps up. */
export async function openLoop(
  target: Target,
  connectionCount: number,
  { perSecond, rampSeconds, seconds }: { perSecond: number; rampSeconds: number; seconds: number },
): Promise<Latency> {
  const { requests } = target;
  const idle: number[] = [];
  const dueAt = new Float64Array(connectionCount);
  const sentAt = new Float64Array(connectionCount);
  const histogram = latencies();
  const refusals = latencies();
  const { connections, state, drain } = await connect(target, connectionCount, (_, index, status) => {
    const now = performance.now();
    if (status !== 202) refusals.recordValue((now - sentAt[index]!) * 1000);
    else if (dueAt[index]! >= measuredFrom) histogram.recordValue((now - dueAt[index]!) * 1000);
    idle.push(index);
    sendDue();
  });
  for (let index = 0; index < connectionCount; index += 1) idle.push(index);
  const from = performance.now();
  const measuredFrom = from + rampSeconds * 1000;
  const until = measuredFrom + seconds * 1000;
  let sent = 0;
  function sendDue(): void {
    const now = Math.min(performance.now(), until);
    for (let due = from + (sent / perSecond) * 1000; due <= now && idle.length > 0 && !state.fault; ) {
      const index = idle.pop()!;
      dueAt[index] = due;
      sentAt[index] = now;
      state.underWay += 1;
      connections[index]!.send(requests[sent % requests.length]!);
      sent += 1;
      due = from + (sent / perSecond) * 1000;
    }
  }
  const sleep = stayAwake();
  const ticks = setInterval(sendDue, 1);
  const total = Math.floor(((until - from) / 1000) * perSecond);
  // A collector that answers too slowly leaves no connection for the rest: it stays unsent.
  while (sent < total && !state.fault && performance.now() < until + drainTimeoutMs) await delay(20);
  clearInterval(ticks);
  await drain().finally(sleep);
  const ms = (of: hdr.Histogram, percentile: number) => of.getValueAtPercentile(percentile) / 1000;
  return {
    p50Ms: ms(histogram, 50),
    p99Ms: ms(histogram, 99),
    accepted: state.accepted,
    refused: state.refused,
    refusedP99Ms: ms(refusals, 99),
  };
}
