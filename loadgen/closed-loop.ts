// Drives autocannon over a plan of sends: a closed loop, in which each connection waits for its answer.
// Sends what was planned, no more and no less, unless stopped or the API stays away.
import autocannon, { type Client, type Instance, type Options } from "autocannon";
import { type Connection, tendConnection } from "./connection.ts";
import { UnreachableError } from "./errors.ts";
import { headersOf, type Load, type LoadOptions, progressMs, routeOf } from "./load.ts";
import { countSends, planSends } from "./plan.ts";
import { createSender, type Sender } from "./sender.ts";
import { createTally } from "./tally.ts";

export interface ClosedLoopOptions extends LoadOptions {
  /** Requests at the same time. */
  connections: number;
  /** Events per second, at most; 0 for as fast as it goes. */
  rate: number;
}

function toCannon(options: ClosedLoopOptions, setupClient: (client: Client) => void): Options {
  const { batch, rate } = options;
  const requests = Math.ceil(countSends(options.events, options.duplicates) / batch);
  const requestRate = rate > 0 ? Math.max(1, Math.round(rate / batch)) : 0;
  return {
    url: options.url,
    method: "POST",
    headers: headersOf(options),
    amount: requests,
    // autocannon refuses connections that would have nothing to send.
    connections: Math.min(options.connections, requests, requestRate || requests),
    // Its correction for omitted requests takes the interval for 1 ms; latencies are measured in tally.ts.
    ...(requestRate > 0 ? { overallRate: requestRate, ignoreCoordinatedOmission: true } : {}),
    timeout: options.timeoutMs / 1000,
    sampleInt: 100,
    skipAggregateResult: true,
    setupClient,
  };
}

export function startClosedLoop(options: ClosedLoopOptions): Load {
  const { url, journal, batch, giveUpMs = 30_000 } = options;
  const tally = createTally(options.series);
  const plan = planSends(options.generate, options.events, options.duplicates);
  const route = routeOf(options);
  const opened: { connection: Connection; sender: Sender }[] = [];
  let instance: Instance | undefined;
  let failure: unknown;
  let refusedSinceMs: number | undefined;

  const fail = (error: unknown) => {
    failure ??= error;
    instance?.stop();
  };
  // An error thrown inside a socket's callback would end the process with the journal still open.
  const guarded = (work: () => void) => {
    try {
      work();
    } catch (error) {
      fail(error);
    }
  };
  const onRefused = (cause: Error) => {
    refusedSinceMs ??= Date.now();
    if (Date.now() - refusedSinceMs > giveUpMs)
      fail(new UnreachableError(url, `it went away: ${cause.message}`, { cause }));
  };
  const setupClient = (client: Client) => {
    const connection = tendConnection(client, onRefused);
    const sender = createSender({ plan, route, batch, journal, tally });
    opened.push({ connection, sender });
    client.setRequests([
      {
        setupRequest: (request) => {
          if (connection.takeRetry()) return sender.again(request);
          guarded(() => sender.giveUp());
          return sender.next(request);
        },
        onResponse: (status, answer) => {
          refusedSinceMs = undefined;
          guarded(() => sender.answered(status, answer));
        },
      },
    ]);
  };

  const finished = new Promise<void>((resolve, reject) => {
    instance = autocannon(toCannon(options, setupClient), (error: unknown) =>
      error ? reject(error) : resolve(),
    );
    instance.on("response", (_client, _status, bytes) => tally.received(bytes));
  });
  const progress = setInterval(() => {
    guarded(() => journal.flush());
    options.onProgress?.(tally);
  }, progressMs);
  let hardStop: NodeJS.Timeout | undefined;
  const settleAll = () => {
    clearInterval(progress);
    clearTimeout(hardStop);
    for (const { sender } of opened) guarded(() => sender.giveUp());
    tally.finish();
  };

  return {
    done: finished.finally(settleAll).then(() => ({ tally, ...(failure ? { failure } : {}) })),
    stop(drainMs = 5000) {
      for (const { connection } of opened) connection.drain();
      clearTimeout(hardStop);
      hardStop = setTimeout(() => instance?.stop(), drainMs);
    },
  };
}
