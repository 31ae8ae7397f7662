// Who is let in, and how fast: one hook for the routes of a pipeline, before a body is read.
import type { FastifyReply, FastifyRequest } from "fastify";
import { type Authentication, authenticate } from "./authentication.ts";
import { type PipelineRoutes, pathsOf } from "./event-routes.ts";
import type { RateLimiter } from "./rate-limits.ts";

export interface Admission extends Authentication {
  limiter: RateLimiter;
  /** Events per second of one address; 0 for no limit. */
  ratePerAddress: number;
}

declare module "fastify" {
  interface FastifyRequest {
    /** Counts more events of this request against the limits that let it in. */
    charge: ((events: number) => void) | undefined;
  }
}

/** An onRequest hook of what may refuse: without a promise, for every request comes by. */
export const hookOf =
  (judge: (request: FastifyRequest) => void) =>
  (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void => {
    try {
      judge(request);
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  };

/** For the routes of a pipeline: 401, 403 or 429, or the request goes on. */
export function admit(admission: Admission, pipeline: string) {
  const { limiter, ratePerAddress } = admission;
  const purpose = { pipeline };
  return hookOf((request) => {
    // Before the key is looked at: guessing keys is limited too.
    if (ratePerAddress > 0) limit(request, limiter, `address ${request.ip}`, ratePerAddress);
    const key = authenticate(request, admission, purpose);
    if (key?.rate !== undefined) limit(request, limiter, `key ${key.id}`, key.rate);
  });
}

/** Counts a request against one more limit, and what is found in it later too. */
function limit(request: FastifyRequest, limiter: RateLimiter, who: string, rate: number): void {
  limiter.take(who, rate, 1);
  const { charge } = request;
  request.charge = (events) => {
    charge?.(events);
    limiter.charge(who, rate, events);
  };
}

/** Paths that a load balancer asks, without a key. */
const openPaths = ["/health", "/ready"];

/** For all that is no pipeline's: docs, metrics, and paths that don't exist. */
export function guardOwnRoutes(admission: Admission, pipelines: PipelineRoutes[]) {
  const elsewhere = new Set([...openPaths, ...pathsOf(pipelines)]);
  return hookOf((request) => {
    const path = request.routeOptions.url;
    if (path === undefined || !elsewhere.has(path))
      authenticate(request, admission, path === "/metrics" ? "metrics" : undefined);
  });
}
