// The events of the bench and the requests that carry them, made once before any round.
import { randomUUID } from "node:crypto";

const swords = ["katana", "longsword", "rapier", "scimitar"];

/** A purchase as a client sends it. */
const event = (index: number) => ({
  user_id: `user-${(index * 7919) % 10_000}`,
  sword_type: swords[index % swords.length],
  amount: (index % 3) + 1,
  price: 100 + (index % 50),
});

/** Headers of common length: they become part of the stored event. */
const agent = "bench/1.0 (constant load)";

function request(path: string, type: string, body: string): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    "Host: 127.0.0.1:4000",
    `User-Agent: ${agent}`,
    "Accept: application/json",
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
}

const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, i) => make(i));

/** One event in each request. */
export const singles = (path: string) =>
  times(1024, (index) => request(path, "application/json", JSON.stringify(event(index))));

/** NDJSON batches of one size. */
export function batches(path: string, size: number): Buffer[] {
  const line = (index: number) => JSON.stringify({ event_type: "purchase_sword", ...event(index) });
  const body = (batch: number) => times(size, (index) => line(batch * size + index)).join("\n");
  return times(16, (batch) => request(path, "application/x-ndjson", body(batch)));
}

/** The same events as a collector stores them: what ProducerPerformance sends. */
export function storedEvents(): string[] {
  const now = new Date().toISOString();
  return times(10_000, (index) =>
    JSON.stringify({
      event_id: randomUUID(),
      event_type: "purchase_sword",
      event_time: now,
      received_at: now,
      host: "127.0.0.1:4000",
      user_agent: agent,
      accept: "application/json",
      ...event(index),
    }),
  );
}
