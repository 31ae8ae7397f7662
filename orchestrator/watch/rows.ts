// The watch's verdicts in Postgres: written by whoever watches, read by those that look only once.
import type { Health } from "../console/api.ts";
import type { Store } from "../engines/store.ts";
import type { Verdict } from "./health.ts";

export interface HealthRow extends Verdict {
  pipeline: string;
  /** Since when it is in this state. */
  since: Date;
  lookedAt: Date;
}

const toRow = (row: Record<string, unknown>): HealthRow => ({
  pipeline: String(row.pipeline),
  health: row.state as Health,
  why: String(row.why),
  since: row.since as Date,
  lookedAt: row.looked_at as Date,
});

/** Writes verdicts down; the time of a state that goes on stays. Returns them with that time. */
export async function saveHealth(
  store: Store,
  verdicts: ({ pipeline: string } & Verdict)[],
): Promise<HealthRow[]> {
  const given = verdicts.map(({ pipeline, health, why }) => ({ pipeline, state: health, why }));
  const { rows } = await store.transaction((client) =>
    client.query(
      `INSERT INTO health (pipeline, state, why)
       SELECT pipeline, state, why FROM jsonb_to_recordset($1::jsonb) AS t (pipeline text, state text, why text)
       ON CONFLICT (pipeline) DO UPDATE SET state = excluded.state, why = excluded.why,
         looked_at = excluded.looked_at,
         since = CASE WHEN health.state = excluded.state THEN health.since ELSE excluded.since END
       RETURNING *`,
      [JSON.stringify(given)],
    ),
  );
  return rows.map(toRow);
}

/** All verdicts that were ever written down, by pipeline. */
export async function readHealth(store: Store): Promise<Map<string, HealthRow>> {
  const { rows } = await store.transaction((client) => client.query("SELECT * FROM health"));
  return new Map(rows.map(toRow).map((row) => [row.pipeline, row]));
}

/** How fast jobs were seen to read while records waited; a faster look replaces a slower one. */
export async function saveCatchUpRates(store: Store, rates: Map<string, number>): Promise<void> {
  const given = [...rates].map(([job, rate]) => ({ job, rate }));
  await store.transaction((client) =>
    client.query(
      `INSERT INTO catch_up_rates (job, records_per_second)
       SELECT job, rate FROM jsonb_to_recordset($1::jsonb) AS t (job text, rate double precision)
       ON CONFLICT (job) DO UPDATE SET records_per_second = excluded.records_per_second, at = excluded.at
       WHERE catch_up_rates.records_per_second < excluded.records_per_second`,
      [JSON.stringify(given)],
    ),
  );
}

/** Records a second by job, and when that was seen. */
export async function catchUpRates(store: Store): Promise<Map<string, { rate: number; at: Date }>> {
  const { rows } = await store.transaction((client) => client.query("SELECT * FROM catch_up_rates"));
  return new Map(rows.map(({ job, records_per_second, at }) => [job, { rate: records_per_second, at }]));
}
