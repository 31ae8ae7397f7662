// Who is let in, and how fast: one hook for the routes of a pipeline, before a body is read.
import type { FastifyReply, FastifyRequest } from "fastify";
import { type Authentication, authenticate } from "./authentication.ts";
import type { PipelineRoutes } from "./event-routes.ts";
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

/** An onRequest hook: 401, 403 or 429, or the request goes on. */
export function admit(admission: Admission, pipeline: string) {
  const { limiter, ratePerAddress } = admission;
  return (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void => {
    try {
      // Before the key is looked at: guessing keys is limited too.
      const limits: [who: string, rate: number][] =
        ratePerAddress > 0 ? [[`address ${request.ip}`, ratePerAddress]] : [];
      for (const [who, rate] of limits) limiter.take(who, rate, 1);
      const key = authenticate(request, admission, { pipeline });
      if (key?.rate !== undefined) {
        limiter.take(`key ${key.id}`, key.rate, 1);
        limits.push([`key ${key.id}`, key.rate]);
      }
      if (limits.length > 0)
        request.charge = (events) => {
          for (const [who, rate] of limits) limiter.charge(who, rate, events);
        };
      done();
    } catch (error) {
      done(error as Error);
    }
  };
}

/** Paths that a load balancer asks, without a key. */
const openPaths = new Set(["/health", "/ready"]);

/** An onRequest hook for all that is no pipeline's: docs, metrics, and paths that don't exist. */
export function guardOwnRoutes(admission: Admission, pipelines: PipelineRoutes[]) {
  const guardedThere = new Set(
    pipelines.flatMap(({ path, events }) => [path, ...[...events.values()].flatMap(({ paths }) => paths)]),
  );
  return (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void => {
    const path = request.routeOptions.url;
    try {
      if (path === undefined || !(openPaths.has(path) || guardedThere.has(path)))
        authenticate(request, admission, path === "/metrics" ? "metrics" : undefined);
      done();
    } catch (error) {
      done(error as Error);
    }
  };
}
