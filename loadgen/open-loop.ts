// Sends on a schedule, whatever the answers do: an open loop. Latency counts from the time at which a
// request was due, so a slow API can't hide behind requests that were held back. Sheds rather than waits.
import { Pool } from "undici";
import { UnreachableError } from "./errors.ts";
import { headersOf, type Load, type LoadOptions, progressMs, routeOf } from "./load.ts";
import { planSends, type Send, takeSends } from "./plan.ts";
import { dueTimes, type Profile } from "./profile.ts";
import { fill, judge, settle } from "./request.ts";
import { createTally } from "./tally.ts";

export interface OpenLoopOptions extends LoadOptions {
  profile: Profile;
  /** Requests under way, at most; what is due beyond it is shed. */
  outstanding: number;
}

/** Requests started before the event loop gets its turn, when the schedule is behind. */
const burstMax = 64;
const unconnected = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"]);
type NetError = Error & { code?: string; errors?: { code?: string }[] };
const codeOf = (error: NetError) => error.errors?.[0]?.code ?? error.code ?? "";

export function startOpenLoop(options: OpenLoopOptions): Load {
  const { url, journal, batch, timeoutMs, giveUpMs = 30_000 } = options;
  const tally = createTally(options.series);
  const plan = planSends(options.generate, options.events, options.duplicates);
  const dues = dueTimes(options.profile, batch);
  const route = routeOf(options);
  const headers = headersOf(options);
  const pool = new Pool(new URL(url).origin, {
    connections: options.outstanding,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: { timeout: timeoutMs },
  });
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let underWay = 0;
  let isOver = false;
  let failure: unknown;
  let refusedSinceMs: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let hardStop: NodeJS.Timeout | undefined;

  const end = () => {
    isOver = true;
    clearTimeout(timer);
    if (underWay === 0) finish();
  };
  const fail = (error: unknown) => {
    failure ??= error;
    end();
    void pool.destroy();
  };
  const guarded = (work: () => void) => {
    try {
      work();
    } catch (error) {
      fail(error);
    }
  };
  const onError = (error: NetError) => {
    if (isOver || !unconnected.has(codeOf(error))) return;
    refusedSinceMs ??= performance.now();
    if (performance.now() - refusedSinceMs > giveUpMs)
      fail(new UnreachableError(url, `it went away: ${codeOf(error)}`, { cause: error }));
  };

  async function send(sends: Send[], dueMs: number): Promise<void> {
    underWay += 1;
    const { path, body } = fill(sends, route, batch);
    tally.sent(sends.length, Buffer.byteLength(body), performance.now() - dueMs);
    let settled = () => settle(sends, [], tally, journal);
    try {
      const response = await pool.request({ method: "POST", path, headers, body });
      const answer = await response.body.text();
      const { statusCode } = response;
      refusedSinceMs = undefined;
      tally.received(Buffer.byteLength(answer));
      tally.answered(performance.now() - dueMs, statusCode, answer);
      settled = () => settle(sends, judge(sends, batch, statusCode, answer), tally, journal);
    } catch (error) {
      onError(error as NetError);
    }
    guarded(settled);
    underWay -= 1;
    if (isOver && underWay === 0) finish();
  }

  const startMs = performance.now();
  let dueMs: number | undefined;
  let lastDueMs = startMs;
  const pump = () => {
    for (let burst = 0; !isOver; burst++) {
      if (dueMs === undefined) {
        const next = dues.next();
        // Sends that rounding leaves beyond the profile's end go with its last.
        dueMs = next.done ? lastDueMs : startMs + next.value;
        lastDueMs = dueMs;
      }
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) {
        timer = setTimeout(guardedPump, waitMs);
        return;
      }
      if (burst >= burstMax) {
        setImmediate(guardedPump);
        return;
      }
      const sends = takeSends(plan, batch);
      if (sends.length === 0) return end();
      if (underWay >= options.outstanding) tally.shed(sends.length);
      else void send(sends, dueMs);
      dueMs = undefined;
    }
  };
  const guardedPump = () => guarded(pump);
  const progress = setInterval(() => {
    guarded(() => journal.flush());
    options.onProgress?.(tally);
  }, progressMs);
  guardedPump();

  return {
    done: finished.then(async () => {
      clearInterval(progress);
      clearTimeout(hardStop);
      tally.finish();
      await pool.destroy();
      return { tally, ...(failure ? { failure } : {}) };
    }),
    stop(drainMs = 5000) {
      end();
      clearTimeout(hardStop);
      hardStop = setTimeout(() => void pool.destroy(), drainMs);
    },
  };
}
