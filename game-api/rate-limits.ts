// How many events per second a key or an address may send: token buckets that count events, not requests.
// A bucket may go into debt, so that a batch larger than a second's worth is taken once and then waited for;
// libraries that count requests in windows would refuse such a batch for ever, or never.
import { errors, withDetails } from "./errors.ts";

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Seconds' worth of events that may come at once after a pause. */
const burstSeconds = 2;

/** Addresses and keys remembered; a forgotten one starts with a full bucket, as one not seen does. */
const bucketsMax = 100_000;

export interface RateLimiter {
  /** Takes `events` from the bucket of `who`. Throws 429 with Retry-After where it is empty. */
  take(who: string, ratePerSecond: number, events: number): void;
  /** Takes without asking: for events that were found in a request let in before. */
  charge(who: string, ratePerSecond: number, events: number): void;
}

export function createRateLimiter(now: () => number = Date.now): RateLimiter {
  const buckets = new Map<string, Bucket>();

  function bucketOf(who: string, rate: number): Bucket {
    const nowMs = now();
    const full = rate * burstSeconds;
    const known = buckets.get(who);
    const tokens = known ? Math.min(full, known.tokens + ((nowMs - known.atMs) / 1000) * rate) : full;
    const bucket = { tokens, atMs: nowMs };
    buckets.delete(who); // the newest goes last, so that the first is the one not seen for longest
    buckets.set(who, bucket);
    if (buckets.size > bucketsMax) buckets.delete(buckets.keys().next().value!);
    return bucket;
  }

  return {
    take(who, rate, events) {
      const bucket = bucketOf(who, rate);
      if (bucket.tokens < 1) {
        const seconds = Math.max(1, Math.ceil((1 - bucket.tokens) / rate));
        throw withDetails(errors.RateLimited(rate, seconds), { headers: { "retry-after": String(seconds) } });
      }
      bucket.tokens -= events;
    },
    charge(who, rate, events) {
      bucketOf(who, rate).tokens -= events;
    },
  };
}
