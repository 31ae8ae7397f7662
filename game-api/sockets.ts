// What a connection may do before there is a request: how many there are, how long headers may be and how
// slowly they may come; and the answer to bytes that are no request at all.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { ConnectionError } from "fastify";
import { errors } from "./errors.ts";

export interface SocketLimits {
  /** Open connections at once; more are closed as they come. */
  connectionsMax?: number;
  /** Within this time all headers of a request are here. */
  headersTimeoutMs?: number;
  /** Within this time a request and its body are here. */
  requestTimeoutMs: number;
}

const connectionsMax = 20_000;
const headersTimeoutMs = 10_000;
/** Request line and headers together. */
const headerBytesMax = 16 * 1024;
/** Proxies send a few dozen. */
const headersMax = 200;
/** Path and query string. */
export const urlCharsMax = 8 * 1024;
/** Node looks so often for connections that are late. */
const lateCheckMs = 1000;

/** Options of Node's HTTP server. */
export const serverOptions = (limits: SocketLimits) => ({
  maxHeaderSize: headerBytesMax,
  headersTimeout: Math.min(limits.headersTimeoutMs ?? headersTimeoutMs, limits.requestTimeoutMs),
  requestTimeout: limits.requestTimeoutMs,
  connectionsCheckingInterval: lateCheckMs,
  requireHostHeader: false, // Node would refuse without a word; headTrouble does with one
});

/** Bounds that Node takes as properties only. */
export function boundSockets(server: Server, limits: SocketLimits): void {
  server.maxConnections = limits.connectionsMax ?? connectionsMax;
  server.maxHeadersCount = 0; // Node would drop the surplus in silence; headTrouble names it
}

/** What is wrong with a request's line and headers, if anything is. */
export function headTrouble(
  request: Pick<IncomingMessage, "url" | "headers" | "rawHeaders" | "httpVersion">,
) {
  if (request.headers.host === undefined && request.httpVersion === "1.1") return errors.HostMissing();
  if (request.url!.length > urlCharsMax) return errors.UrlTooLong(urlCharsMax);
  const headers = request.rawHeaders.length / 2;
  return headers > headersMax ? errors.HeadersTooMany(headers, headersMax) : undefined;
}

/** Answers a request that expects what nobody can give; Node would do so without a word. */
export function answerExpectation(newId: (request: IncomingMessage) => string) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const id = newId(request);
    const message = "Send 'Expect: 100-continue', or none.";
    const body = JSON.stringify({ code: "expectation_failed", message, request_id: id });
    response.writeHead(417, {
      "content-type": "application/json; charset=utf-8",
      "content-length": Buffer.byteLength(body),
      "x-request-id": id,
      connection: "close",
    });
    response.end(body);
  };
}

const troubles: Record<string, [status: number, code: string, message: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, "request_timeout", "The request came too slowly: send it again, at once."],
  HPE_HEADER_OVERFLOW: [
    431,
    "headers_too_large",
    `Request line and headers are larger than ${headerBytesMax} bytes: send events as a body.`,
  ],
};
const nonsense: [status: number, code: string, message: string] = [
  400,
  "http_invalid",
  "This is no valid HTTP/1.1 request: send it with an HTTP client.",
];

/** Answers a connection whose request could not be read, and closes it. */
export function answerUnread(newId: () => string) {
  return (error: ConnectionError, socket: Socket): void => {
    const answering = (socket as Socket & { _httpMessage?: { headersSent: boolean } })._httpMessage;
    // A second answer would be taken for the one to the client's next request.
    if (error.code === "ECONNRESET" || !socket.writable || answering?.headersSent) {
      socket.destroy();
      return;
    }
    const [status, code, message] = troubles[error.code] ?? nonsense;
    const id = newId();
    const body = JSON.stringify({ code, message, request_id: id });
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      "content-type: application/json; charset=utf-8",
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${id}`,
      "connection: close",
    ];
    socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
  };
}
