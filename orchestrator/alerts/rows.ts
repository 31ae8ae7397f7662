// Alerts in Postgres: written down as they are raised, taken one by one to be told, listed for people.

import type { Store, Transaction } from "../engines/store.ts";
import type { AfterAttempt, AlertState, RaisedAlert } from "./states.ts";

export interface AlertRow extends RaisedAlert {
  raisedAt: Date;
  updatedAt: Date;
  state: AlertState;
  attempts: number;
  lastError: string | null;
  nextTryAt: Date;
  deliveredAt: Date | null;
}

const toRow = (row: Record<string, unknown>) =>
  ({
    pipeline: row.pipeline,
    alert: row.alert,
    id: row.id,
    key: row.key,
    value: row.value,
    raisedAt: row.raised_at,
    updatedAt: row.updated_at,
    state: row.state,
    attempts: row.attempts,
    lastError: row.last_error,
    nextTryAt: row.next_try_at,
    deliveredAt: row.delivered_at,
  }) as AlertRow;

/** Writes alerts down; one whose key is known changes what it says, and nothing else. */
export async function saveAlerts(store: Store, alerts: RaisedAlert[]): Promise<void> {
  // Of one key the latest only: a statement can't change a row twice.
  const latest = [...new Map(alerts.map((alert) => [alert.id, alert])).values()];
  await store.transaction((client) =>
    client.query(
      `INSERT INTO alerts (pipeline, alert, id, key, value)
       SELECT pipeline, alert, id, key, value
       FROM jsonb_to_recordset($1::jsonb) AS t (pipeline text, alert text, id uuid, key jsonb, value jsonb)
       ON CONFLICT (pipeline, alert, key) DO UPDATE SET value = excluded.value, updated_at = clock_timestamp()
       WHERE alerts.value IS DISTINCT FROM excluded.value`,
      [JSON.stringify(latest)],
    ),
  );
}

/**
 * Takes one alert that is due, for the time of `tell`: nobody else tells it meanwhile. Its outcome is kept
 * with it. False where none is due.
 */
export async function tellNext(
  store: Store,
  tell: (alert: AlertRow, attempts: number) => Promise<AfterAttempt>,
): Promise<boolean> {
  return store.transaction(async (client) => {
    const { rows } = await client.query(
      `SELECT * FROM alerts WHERE state = 'waiting' AND next_try_at <= now()
       ORDER BY next_try_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED`,
    );
    if (rows.length === 0) return false;
    const row = toRow(rows[0]);
    const attempts = row.attempts + 1;
    const { state, lastError, pauseMs } = await tell(row, attempts);
    await client.query(
      `UPDATE alerts SET state = $2, attempts = $3, last_error = $4, updated_at = clock_timestamp(),
         next_try_at = clock_timestamp() + $5 * interval '1 ms',
         delivered_at = CASE WHEN $2 = 'delivered' THEN clock_timestamp() END
       WHERE id = $1`,
      [row.id, state, attempts, lastError, pauseMs ?? 0],
    );
    return true;
  });
}

/** Alerts of a pipeline: the newest first, or all that changed since, oldest first. */
export async function listAlerts(
  client: Transaction,
  { pipeline, ...wanted }: { pipeline: string } & ({ since: Date } | { limit: number }),
): Promise<AlertRow[]> {
  const { rows } =
    "since" in wanted
      ? await client.query(
          "SELECT * FROM alerts WHERE pipeline = $1 AND updated_at > $2 ORDER BY updated_at, id",
          [pipeline, wanted.since],
        )
      : await client.query("SELECT * FROM alerts WHERE pipeline = $1 ORDER BY updated_at DESC, id LIMIT $2", [
          pipeline,
          wanted.limit,
        ]);
  return rows.map(toRow);
}

/** The alert of a name that was raised last; undefined where there is none. */
export async function lastAlert(
  client: Transaction,
  pipeline: string,
  alert: string,
): Promise<AlertRow | undefined> {
  const { rows } = await client.query(
    "SELECT * FROM alerts WHERE pipeline = $1 AND alert = $2 ORDER BY raised_at DESC, id LIMIT 1",
    [pipeline, alert],
  );
  return rows.map(toRow)[0];
}

/** A person, by the fields of an alert that may name them. */
export interface AlertedPerson {
  pipeline: string;
  fields: string[];
  id: string;
}

const ofPerson = `pipeline = $1 AND EXISTS
  (SELECT FROM unnest($2::text[]) AS field WHERE key ->> field = $3 OR value ->> field = $3)`;

/** How many alerts name a person, and when the newest of them was raised or changed. */
export async function personAlerts(
  client: Transaction,
  { pipeline, fields, id }: AlertedPerson,
): Promise<{ alerts: number; last: Date | null }> {
  const { rows } = await client.query(
    `SELECT count(*) AS alerts, max(updated_at) AS last FROM alerts WHERE ${ofPerson}`,
    [pipeline, fields, id],
  );
  return { alerts: Number(rows[0].alerts), last: rows[0].last };
}

/** Deletes the alerts that name a person, told or not. */
export async function removePersonAlerts(
  client: Transaction,
  { pipeline, fields, id }: AlertedPerson,
): Promise<void> {
  await client.query(`DELETE FROM alerts WHERE ${ofPerson}`, [pipeline, fields, id]);
}

/** How many alerts there are, by pipeline, alert and state. */
export async function countAlerts(client: Transaction) {
  const { rows } = await client.query(
    "SELECT pipeline, alert, state, count(*) AS alerts FROM alerts GROUP BY 1, 2, 3",
  );
  return rows.map((row) => ({ ...row, alerts: Number(row.alerts) })) as {
    pipeline: string;
    alert: string;
    state: AlertState;
    alerts: number;
  }[];
}
