// What happens, as it happens (server-sent events): alerts, and that the history has grown. Postgres is asked
// only while somebody listens, once for all who do.
import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { type AlertRow, listAlerts } from "../alerts/rows.ts";
import type { Engines } from "../engines/engines.ts";
import { alertEntry } from "./alert-entries.ts";
import { errors } from "./errors.ts";
import type { Folders } from "./folders.ts";

const lookMs = 500;
/** What was written last need not have been committed last. */
const overlapMs = 3000;
const pingMs = 10_000;
const listenersMax = 64;
/** A listener that doesn't read is let go: it comes back by itself, and asks for what it missed. */
const unreadBytesMax = 1_000_000;

/** Tells each change of an alert once, though looks overlap. */
export function newsOf() {
  const told = new Map<string, number>();
  return (rows: AlertRow[], now: number): AlertRow[] => {
    const fresh = rows.filter(({ id, updatedAt }) => told.get(id) !== updatedAt.getTime());
    for (const { id, updatedAt } of fresh) told.set(id, updatedAt.getTime());
    for (const [id, at] of told) if (at < now - 10 * overlapMs) told.delete(id);
    return fresh;
  };
}

export function streamRoute(
  server: FastifyInstance,
  { store }: Engines,
  folders: Folders,
  logger: Logger,
): void {
  const listeners = new Set<ServerResponse>();
  let isLooking = false;

  const tell = (event: string, data: unknown) => {
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const listener of listeners) {
      if (listener.writableLength > unreadBytesMax) listener.destroy();
      else listener.write(text);
    }
  };

  /** Until nobody listens any more. */
  async function look(): Promise<void> {
    isLooking = true;
    const news = newsOf();
    let since = new Date(Date.now() - overlapMs);
    let historyId: string | undefined;
    let pingedAt = Date.now();
    while (listeners.size > 0) {
      try {
        const { pipelines } = await folders.all();
        const { rows, newest } = await store.transaction(async (client) => {
          const found: AlertRow[] = [];
          for (const { name } of pipelines)
            found.push(...(await listAlerts(client, { pipeline: name, since })));
          const history = await client.query("SELECT max(id) AS id FROM history");
          return { rows: found, newest: String(history.rows[0]?.id) };
        });
        const latest = Math.max(
          since.getTime(),
          ...rows.map(({ updatedAt }) => updatedAt.getTime() - overlapMs),
        );
        since = new Date(latest);
        const fresh = news(rows, latest + overlapMs);
        const entries = fresh.map((row) =>
          alertEntry(pipelines.find(({ name }) => name === row.pipeline)!, row),
        );
        if (entries.length > 0) tell("alerts", entries);
        if (historyId !== undefined && newest !== historyId) tell("history", { id: newest });
        historyId = newest;
      } catch (error) {
        logger.warn({ reason: (error as Error).message }, "the console's stream couldn't look");
        await delay(5 * lookMs);
      }
      if (Date.now() - pingedAt > pingMs) {
        pingedAt = Date.now();
        for (const listener of listeners) listener.write(": still here\n\n");
      }
      await delay(lookMs);
    }
    isLooking = false;
  }

  server.get("/api/stream", (_request, reply) => {
    if (listeners.size >= listenersMax)
      throw errors.Busy(`${listenersMax} pages listen already: close some of them.`);
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      ...reply.getHeaders(),
      "content-type": "text/event-stream; charset=utf-8",
    } as Record<string, string>);
    raw.write("retry: 2000\n\n");
    listeners.add(raw);
    raw.on("close", () => listeners.delete(raw));
    if (!isLooking) void look();
  });
}
