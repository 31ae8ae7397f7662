// What a load is given and what it gives back, whichever loop sends it.
import type { GeneratedEvent } from "./generate.ts";
import type { Journal } from "./journal.ts";
import type { Tally } from "./tally.ts";

export interface LoadOptions {
  url: string;
  /** Name of the pipeline, the first part of every path. */
  pipeline: string;
  generate: (n: number) => GeneratedEvent;
  events: number;
  /** Share of events sent a second time. */
  duplicates: number;
  /** Events per request; 1 uses the route of each event's type. */
  batch: number;
  journal: Journal;
  /** Longest wait for an answer, 1000 or more. */
  timeoutMs: number;
  /** How long a load waits for an API that refuses connections. */
  giveUpMs?: number;
  /** API key; none where the API is open. */
  key?: string | undefined;
  /** Keep a series of seconds for the summary. */
  series?: boolean;
  onProgress?: (tally: Tally) => void;
}

export interface LoadResult {
  tally: Tally;
  /** Why the load ended early: the API stayed away, or the journal can't be written. */
  failure?: unknown;
}

export interface Load {
  /** Resolves once every send is in the journal. */
  done: Promise<LoadResult>;
  /** Sends nothing more and waits for the answers under way, for drainMs at most. */
  stop(drainMs?: number): void;
}

export const progressMs = 250;

/** Headers of every request. */
export function headersOf({ batch, key }: Pick<LoadOptions, "batch" | "key">): Record<string, string> {
  return {
    "user-agent": "swordlake-loadgen",
    accept: "application/json",
    "content-type": batch === 1 ? "application/json" : "application/x-ndjson",
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  };
}

/** Path of the pipeline's batch route; event types are routes below it. */
export const routeOf = ({ url, pipeline }: Pick<LoadOptions, "url" | "pipeline">): string =>
  `${new URL(url).pathname.replace(/\/+$/, "")}/${pipeline}`;
