// What a caller may set of an event queue, and the values taken where nothing is said.

/** What the queue needs of fetch; the global one of Node and of browsers fits. */
export type FetchLike = (
  url: string,
  init: { method: string; headers: Record<string, string>; body: string; signal: AbortSignal },
) => Promise<{ status: number; headers: { get(name: string): string | null }; text(): Promise<string> }>;

/** How long to pause after the n-th failure in a row: random, at most minMs * 2^(n-1), never above maxMs. */
export interface Backoff {
  minMs: number;
  maxMs: number;
}

export interface EventQueueOptions {
  /** Address of the API, such as "http://127.0.0.1:4000". */
  url: string;
  /** Name of the pipeline that takes the events. */
  pipeline: string;
  /** Sent as `Authorization: Bearer <key>`. */
  key?: string | undefined;
  /** Events in one request, at most. Default 100. */
  batchEventsMax?: number | undefined;
  /** Bytes in one request, at most; a larger event goes alone. Default 1 MiB. */
  batchBytesMax?: number | undefined;
  /** How long an event may wait for others to share its request. Default 50. */
  flushAfterMs?: number | undefined;
  /** Requests under way at once. Default 2; with 1 no request can overtake the one before it. */
  requestsMax?: number | undefined;
  /** Events without an outcome, at most; beyond it `send` rejects. Default 10,000. */
  queueEventsMax?: number | undefined;
  /** How long one request may take. Default 10,000. */
  timeoutMs?: number | undefined;
  /** Pauses between tries. Default 200 to 30,000. */
  backoff?: Partial<Backoff> | undefined;
  /**
   * An event this old is tried no more: its outcome is unknown. A request under way still gets its
   * `timeoutMs`. Default: tried until the outcome is known.
   */
  giveUpAfterMs?: number | undefined;
  fetch?: FetchLike | undefined;
  /** From 0 to below 1. Default Math.random. */
  random?: (() => number) | undefined;
  /** Makes an event_id. Default crypto.randomUUID, which browsers have on HTTPS and localhost only. */
  newId?: (() => string) | undefined;
}

const wholeNumber = (name: string, value: number | undefined, fallback: number, min: number): number => {
  if (value === undefined) return fallback;
  if (Number.isInteger(value) && value >= min) return value;
  throw new RangeError(`${name} is ${value}: give a whole number, ${min} or more.`);
};

/** All options with their values. Throws RangeError for a number that makes no sense. */
export function completeOptions(options: EventQueueOptions) {
  const minMs = wholeNumber("backoff.minMs", options.backoff?.minMs, 200, 1);
  return {
    address: `${options.url.replace(/\/+$/, "")}/${options.pipeline}`,
    key: options.key,
    batchEventsMax: wholeNumber("batchEventsMax", options.batchEventsMax, 100, 1),
    batchBytesMax: wholeNumber("batchBytesMax", options.batchBytesMax, 1024 * 1024, 1),
    flushAfterMs: wholeNumber("flushAfterMs", options.flushAfterMs, 50, 0),
    requestsMax: wholeNumber("requestsMax", options.requestsMax, 2, 1),
    queueEventsMax: wholeNumber("queueEventsMax", options.queueEventsMax, 10_000, 1),
    timeoutMs: wholeNumber("timeoutMs", options.timeoutMs, 10_000, 1),
    backoff: { minMs, maxMs: wholeNumber("backoff.maxMs", options.backoff?.maxMs, 30_000, minMs) },
    giveUpAfterMs: wholeNumber("giveUpAfterMs", options.giveUpAfterMs, Number.POSITIVE_INFINITY, 1),
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    random: options.random ?? Math.random,
    newId: options.newId ?? (() => crypto.randomUUID()),
  } satisfies Record<string, unknown> & { fetch: FetchLike };
}
