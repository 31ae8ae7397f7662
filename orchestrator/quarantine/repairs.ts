// Repairs in Postgres: what was decided about quarantined events, and whether it was sent.
import type { Transaction } from "../engines/store.ts";
import { eventText, type Place, placeName, type Repaired, readEvent } from "./item.ts";

export type RepairState = "repaired" | "replayed" | "refused";

export interface RepairRow extends Place, Repaired {
  state: RepairState;
  message: string | null;
}

/** States by place, of all repairs of a pipeline. */
export async function repairStates(client: Transaction, pipeline: string): Promise<Map<string, RepairState>> {
  const { rows } = await client.query(
    "SELECT topic, kafka_partition AS partition, kafka_offset AS offset, state FROM repairs WHERE pipeline = $1",
    [pipeline],
  );
  return new Map(rows.map((row) => [placeName(row), row.state]));
}

/** Writes a repair down; one that was sent stays as it is. Returns whether it was written. */
export async function saveRepair(
  client: Transaction,
  pipeline: string,
  place: Place,
  { type, eventId, event }: Repaired,
  who: string,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `INSERT INTO repairs (pipeline, topic, kafka_partition, kafka_offset, event_type, event_id, event, state, who)
     VALUES ($1, $2, $3, $4, $5, $6, $7, 'repaired', $8)
     ON CONFLICT (pipeline, topic, kafka_partition, kafka_offset) DO UPDATE
       SET event_type = $5, event_id = $6, event = $7, state = 'repaired', message = NULL, who = $8, repaired_at = now()
       WHERE repairs.state <> 'replayed'`,
    [pipeline, place.topic, place.partition, place.offset, type, eventId, eventText(event), who],
  );
  return rowCount === 1;
}

/** Repairs that wait to be sent, in the order in which the events were refused. */
export async function waitingRepairs(
  client: Transaction,
  pipeline: string,
  limit: number,
): Promise<RepairRow[]> {
  const { rows } = await client.query(
    `SELECT topic, kafka_partition AS partition, kafka_offset AS offset, event_type AS type,
       event_id AS "eventId", event, state, message
     FROM repairs WHERE pipeline = $1 AND state = 'repaired'
     ORDER BY topic, kafka_partition, kafka_offset LIMIT $2`,
    [pipeline, limit],
  );
  return rows.map((row) => ({ ...row, event: readEvent(row.event) }));
}

/** Writes down what became of a repair that was sent. */
export async function settleRepair(
  client: Transaction,
  pipeline: string,
  { topic, partition, offset }: Place,
  state: RepairState,
  message: string | null,
): Promise<void> {
  await client.query(
    `UPDATE repairs SET state = $5, message = $6, replayed_at = CASE WHEN $5 = 'replayed' THEN now() END
     WHERE pipeline = $1 AND topic = $2 AND kafka_partition = $3 AND kafka_offset = $4`,
    [pipeline, topic, partition, offset, state, message],
  );
}
