// Sends one batch of a load until each of its rows has a sure outcome. What isn't sure is sent again with the
// same event_ids; what the API can't take as it is goes as a row that can't be read. Nothing is dropped.
import { judge, type Outcome, retryAfterMs } from "../../client/answer.ts";
import { UnreachableError, UsageError } from "../errors.ts";
import type { Item } from "./load-items.ts";

export interface SenderOptions {
  url: string;
  pipeline: string;
  /** Named in each record, so that the lake can tell this run's rows. */
  userAgent: string;
  key: string | undefined;
  timeoutMs: number;
  /** Without any sure outcome for so long, the load ends. */
  giveUpMs: number;
}

export interface Settled {
  acked: number;
  rejected: number;
  /** Rows that were sent again, for want of a sure outcome. */
  sentAgain: number;
}

export interface BatchSender {
  requests: number;
  statuses: Record<string, number>;
  /** Throws UsageError where every other request would fail too, UnreachableError where the API stays away. */
  send(items: Item[]): Promise<Settled>;
}

/** Answers that every other request would get too. */
const hopeless: Record<number, string> = {
  401: "give a valid API key with --key-file or the variable API_KEY",
  403: "the API key may not write to this pipeline: make one that may",
  404: "the API doesn't serve this pipeline: apply it",
};
const backoffMs = { min: 100, max: 5000 };
const tooLarge = { reason: "row_too_long", message: "the API takes no row of this length" } as const;

interface Answer {
  status: number;
  body: string;
  retryAfter: string | null;
}

export function createBatchSender(options: SenderOptions): BatchSender {
  const { url, key, timeoutMs, giveUpMs } = options;
  const address = `${url.replace(/\/+$/, "")}/${options.pipeline}`;
  const headers = {
    "content-type": "application/x-ndjson",
    "user-agent": options.userAgent,
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  };
  let lastSureMs = performance.now();
  const sender: BatchSender = { requests: 0, statuses: {}, send };

  async function post(items: Item[]): Promise<Answer | { error: string }> {
    sender.requests += 1;
    try {
      const response = await fetch(address, {
        method: "POST",
        headers,
        body: items.map(({ text }) => text).join("\n"),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const { status } = response;
      sender.statuses[status] = (sender.statuses[status] ?? 0) + 1;
      return { status, body: await response.text(), retryAfter: response.headers.get("retry-after") };
    } catch (error) {
      const { message, cause } = error as Error & { cause?: Error };
      return { error: cause ? `${message}: ${cause.message}` : message };
    }
  }

  /** Outcomes in the items' order; throws for what no retry cures. */
  function judged(items: Item[], { status, body }: Answer): Outcome[] {
    if (hopeless[status]) throw new UsageError(`The API at ${url} answered ${status}: ${hopeless[status]}.`);
    const outcomes = judge(
      items.map(({ id }) => id),
      { status, body, retryAfter: null },
    );
    // A refusal of the request says nothing of its rows, and keeps none of them by its line.
    if (outcomes[0]?.status === "rejected" && !body.includes('"results":['))
      throw new Error(`The API refused a batch as a whole, with ${status}: ${outcomes[0].message}`);
    return outcomes;
  }

  async function pause(tries: number, asked: string | null): Promise<void> {
    const ownMs = Math.random() * Math.min(backoffMs.max, backoffMs.min * 2 ** tries);
    const ms = retryAfterMs(asked, Date.now()) + ownMs;
    await new Promise((resolve) => setTimeout(resolve, ms));
  }

  async function send(items: Item[]): Promise<Settled> {
    const settled: Settled = { acked: 0, rejected: 0, sentAgain: 0 };
    let open = items;
    for (let tries = 0; open.length > 0; tries += 1) {
      const answer = await post(open);
      if ("status" in answer && answer.status === 413) {
        const middle = Math.ceil(open.length / 2);
        const parts =
          open.length === 1
            ? [[open[0]!.asUnreadable(tooLarge)]]
            : [open.slice(0, middle), open.slice(middle)];
        if (open.length === 1 && parts[0]![0]!.text === open[0]!.text)
          throw new Error(
            `The API takes no request of ${open[0]!.text.length} characters: raise its limits.`,
          );
        for (const part of parts) {
          const { acked, rejected, sentAgain } = await send(part);
          settled.acked += acked;
          settled.rejected += rejected;
          settled.sentAgain += sentAgain;
        }
        return settled;
      }
      const outcomes = "status" in answer ? judged(open, answer) : [];
      const again: Item[] = [];
      for (const [place, item] of open.entries()) {
        const outcome = outcomes[place];
        if (outcome?.status === "accepted") settled.acked += 1;
        else if (outcome?.status === "rejected") {
          // Kafka's bound: the one refusal that the quarantine can't hold as it came.
          if (outcome.code === "event_too_large") again.push(item.asUnreadable(tooLarge));
          else settled.rejected += 1;
        } else {
          settled.sentAgain += 1;
          again.push(item);
        }
      }
      if (again.length < open.length) lastSureMs = performance.now();
      open = again;
      if (open.length === 0) break;
      const why = "status" in answer ? `it answers ${answer.status}` : answer.error;
      if (performance.now() - lastSureMs > giveUpMs) throw new UnreachableError(url, why);
      await pause(tries, "status" in answer ? answer.retryAfter : null);
    }
    return settled;
  }
  return sender;
}
