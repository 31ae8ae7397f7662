// Routes of what happened: timeline and alerts, of all pipelines.
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { listAlerts } from "../alerts/rows.ts";
import type { Engines } from "../engines/engines.ts";
import { readTimeline, timelineKinds } from "../history.ts";
import { alertEntry } from "./alert-entries.ts";
import type { AlertEntry, TimelinePage } from "./api.ts";
import type { Folders } from "./folders.ts";

const alertsMax = 200;
const entriesMax = 200;

const timelineQuery = z.strictObject({
  kind: z.enum(timelineKinds).optional(),
  pipeline: z.string().max(64).optional(),
  until: z.iso.datetime().optional(),
  offset: z.coerce.number().int().min(0).max(10_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(entriesMax).default(50),
});

export function newsRoutes(server: FastifyInstance, { store }: Engines, folders: Folders): void {
  server.get("/api/timeline", async (request): Promise<TimelinePage> => {
    const { until, ...query } = timelineQuery.parse(request.query);
    return readTimeline(store, { ...query, until: until ? new Date(until) : new Date() });
  });

  server.get("/api/alerts", async (): Promise<AlertEntry[]> => {
    const { pipelines } = await folders.all();
    const found = await store.transaction(async (client) => {
      const all: AlertEntry[] = [];
      for (const pipeline of pipelines)
        for (const row of await listAlerts(client, { pipeline: pipeline.name, limit: alertsMax }))
          all.push(alertEntry(pipeline, row));
      return all;
    });
    return found.sort((a, b) => b.raisedAt.localeCompare(a.raisedAt)).slice(0, alertsMax);
  });
}
