// Refuses events while the process is busy, before the framework spends its time on them: the same answer as
// its own, at about half the price. What is not quite plain takes the framework's way.
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import { isWindingDown } from "./drain.ts";
import { codeOf, errors, retryAfter } from "./errors.ts";
import type { Metrics } from "./metrics.ts";
import { headTrouble } from "./sockets.ts";

export interface Shedding {
  /** Paths that take events. */
  paths: string[];
  isBusy: () => boolean;
  newId: (request: IncomingMessage) => string;
  metrics?: Metrics | undefined;
}

/** The path of a URL that stands for nothing else: other ways to write it are the router's business. */
function pathOf(url: string): string {
  const end = url.indexOf("?");
  return end < 0 ? url : url.slice(0, end);
}

/** Answers 503 instead of the app, for events that come while it is busy. */
export function shedFirst(app: FastifyInstance, { paths, isBusy, newId, metrics }: Shedding): void {
  const served = new Set(paths);
  const busy = errors.Busy();
  const status = busy.statusCode!;
  const start = `${JSON.stringify({ code: codeOf(busy), message: busy.message }).slice(0, -1)},"request_id":`;

  function shed(request: IncomingMessage, response: ServerResponse): boolean {
    const { method, url = "", headers } = request;
    if (method !== "POST" || headers.origin !== undefined) return false;
    const path = pathOf(url);
    if (!served.has(path) || headTrouble(request) || isWindingDown(app)) return false;
    const id = newId(request);
    const body = `${start}${JSON.stringify(id)}}`;
    response.writeHead(status, {
      "x-request-id": id,
      ...retryAfter,
      "content-type": "application/json; charset=utf-8",
      "content-length": Buffer.byteLength(body),
    });
    response.end(body);
    metrics?.answered(path, method, status, 0);
    return true;
  }

  const [serve] = app.server.listeners("request") as RequestListener[];
  app.server.removeAllListeners("request");
  app.server.on("request", (request, response) => {
    if (!(isBusy() && shed(request, response))) serve!(request, response);
  });
}
