// When the API takes no more: its queue is nearly full, or its event loop runs so late that whatever comes
// in now would wait behind too much. Both are asked before a body is read, while a refusal costs little.

export interface OverloadLimits {
  /** Events that wait for the broker, at most. */
  queueEventsMax: number;
  /** How late the event loop may be, in ms. */
  lateMsMax: number;
}

/** Share of the queue beyond which is refused; the rest is for requests whose bodies are being read. */
const busyShare = 0.8;
const tickMs = 20;

/**
 * How late the loop is, in ms: since its last tick was due, or as late as that tick came. One turn of a loaded
 * loop reads many sockets, so the look within the turn is what holds it to its limit.
 */
export function watchLoop(now: () => number = () => performance.now()): () => number {
  let due = now() + tickMs;
  let lastLate = 0;
  setInterval(() => {
    lastLate = Math.max(0, now() - due);
    due = now() + tickMs;
  }, tickMs).unref();
  return () => Math.max(lastLate, now() - due);
}

/** Tells whether to refuse what comes in now. */
export function overloadCheck(
  waiting: () => number,
  { queueEventsMax, lateMsMax }: OverloadLimits,
  lateMs: () => number = watchLoop(),
): () => boolean {
  return () => waiting() > busyShare * queueEventsMax || lateMs() > lateMsMax;
}
