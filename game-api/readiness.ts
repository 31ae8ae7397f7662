// When the API is ready: once it was shown that producing works, and a broker answers.
import { setTimeout as delay } from "node:timers/promises";
import type { Producer } from "./delivery.ts";

/** Waits until events can be taken, so long at most: a worker that takes another's place begins with no 503. */
export async function settled(producer: Producer, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline && (await producer.ready()) !== undefined) await delay(50);
}

/** A producer that is ready only once `check` has passed; from then on its own word counts. */
export function proven(producer: Producer, check: () => Promise<string | undefined>): Producer {
  let isProven = false;
  let checking: Promise<string | undefined> | undefined;
  return {
    get waiting() {
      return producer.waiting;
    },
    send: (records) => producer.send(records),
    close: () => producer.close(),
    async ready() {
      const reason = await producer.ready();
      if (reason !== undefined || isProven) return reason;
      checking ??= check().finally(() => {
        checking = undefined;
      });
      const why = await checking;
      isProven = why === undefined;
      return why === undefined ? undefined : `no producing yet: ${why}`;
    },
  };
}
