// One autocannon connection, made fit for keeping books: what autocannon leaves open when a connection
// breaks is closed here. The only place that touches its internals; closed-loop.test.ts pins each of them.
import type { Client } from "autocannon";

interface Inner extends Client {
  _connect(): void;
  destroy(): void;
  destroyed: boolean;
  /** Requests written so far; the client ends when it reaches responseMax. */
  reqsMade: number;
  responseMax: number;
  pipelinedRequests: { clear(): void };
  parser: { reinitialize(type: "RESPONSE"): void };
}

export interface Connection {
  /** True once after a request that never left, for want of a connection: the same must go again. */
  takeRetry(): boolean;
  /** Sends nothing more; the answer under way is still waited for. */
  drain(): void;
}

const retryDelayMs = 250;

/** Whether no connection came about, so that nothing can have been read at the other end. */
function isRefusal(error: NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] }): boolean {
  // A name with several addresses fails with one error for each of them.
  const { syscall } = error.errors?.[0] ?? error;
  return syscall === "connect" || syscall === "getaddrinfo";
}

/**
 * - Half an answer, left by a broken connection, would be read as the start of the next one.
 * - A refused connection would be tried again at once and use up a request each time.
 */
export function tendConnection(client: Client, onRefused: (error: Error) => void): Connection {
  const inner = client as Inner;
  const connectNow = inner._connect.bind(inner);
  let timer: NodeJS.Timeout | undefined;
  let madeBefore = 0;
  let isRefused = false;
  let isRetry = false;
  let isDraining = false;

  const connect = () => {
    madeBefore = inner.reqsMade;
    connectNow();
  };
  inner._connect = () => {
    clearTimeout(timer);
    inner.pipelinedRequests.clear();
    inner.parser.reinitialize("RESPONSE");
    if (isDraining) return inner.destroy();
    if (!isRefused) return connect();
    isRefused = false;
    timer = setTimeout(() => {
      if (!inner.destroyed) connect();
    }, retryDelayMs);
  };
  (inner as NodeJS.EventEmitter).on("connError", (error: Error) => {
    if (!isRefusal(error)) return;
    isRefused = true;
    // At zero the client writes its first request again, without asking for the next one.
    isRetry = inner.reqsMade > madeBefore && madeBefore > 0;
    inner.reqsMade = madeBefore;
    onRefused(error);
  });

  return {
    takeRetry() {
      const taken = isRetry;
      isRetry = false;
      return taken;
    },
    drain() {
      isDraining = true;
      inner.responseMax = Math.max(1, inner.reqsMade);
    },
  };
}
