// What was done and what happened, newest first: the history and the alerts, a page at a time.
import type { TimelineEntry, TimelinePage } from "./console/api.ts";
import type { Store } from "./engines/store.ts";

export const timelineKinds = ["deploy", "restart", "alert", "key", "care", "other"] as const;

export interface TimelineQuery {
  kind?: (typeof timelineKinds)[number] | undefined;
  pipeline?: string | undefined;
  /** Nothing newer than this: pages stay the same while more happens. */
  until: Date;
  /** Nothing older than this. */
  since?: Date | undefined;
  offset: number;
  limit: number;
}

/** A job that goes on from a checkpoint was lost before; from a savepoint, or from nothing, it was deployed. */
const query = `
WITH entries AS (
  SELECT at, id::text AS id, who, action, subject, detail,
    CASE
      WHEN action = 'submit' AND detail->>'restoredFrom' LIKE '%/chk-%' THEN 'restart'
      WHEN action IN ('submit', 'stop', 'adopt', 'cancel-double', 'create-topic', 'alter-topic', 'create-tables',
        'add-columns', 'contract', 'apply', 'rollback', 'rewind', 'upgrade', 'rebuild', 'rebuild-begun') THEN 'deploy'
      WHEN action LIKE '%-key' THEN 'key'
      WHEN action IN ('repair', 'replay', 'forget', 'retain', 'backfill', 'maintain') THEN 'care'
      ELSE 'other'
    END AS kind
  FROM history
  UNION ALL
  SELECT raised_at, id::text, pipeline, 'raised', pipeline || '/' || alert,
    value || jsonb_build_object('webhook', state), 'alert'
  FROM alerts
), chosen AS (
  SELECT * FROM entries
  WHERE at <= $1 AND ($6::timestamptz IS NULL OR at >= $6) AND ($2::text IS NULL OR kind = $2)
    AND ($3::text IS NULL OR split_part(translate(subject, './', '  '), ' ', 1) = $3)
)
SELECT *, count(*) OVER () AS total FROM chosen
ORDER BY at DESC, length(id) DESC, id DESC OFFSET $4 LIMIT $5`;

export async function readTimeline(
  store: Store,
  { kind, pipeline, until, since, offset, limit }: TimelineQuery,
): Promise<TimelinePage> {
  const values = [until, kind ?? null, pipeline ?? null, offset, limit, since ?? null];
  const { rows } = await store.transaction((client) => client.query(query, values));
  const entries = rows.map(
    (row): TimelineEntry => ({
      at: row.at.toISOString(),
      kind: row.kind,
      who: row.who,
      action: row.action,
      subject: row.subject,
      detail: row.detail,
    }),
  );
  return { entries, total: Number(rows[0]?.total ?? 0) };
}
