// What an alert is, from its record in Kafka; and what becomes of it after a try to tell the webhook. Pure.
import { isLosslessNumber, parse } from "lossless-json";
import { v5 } from "uuid";
import { alertColumn, alertColumns } from "../../flink-sql/alerts.ts";
import type { Pipeline } from "../../flink-sql/pipeline.ts";

export interface RaisedAlert {
  pipeline: string;
  alert: string;
  /** The same for the same pipeline, alert and key, whoever computes it. */
  id: string;
  key: Record<string, unknown>;
  value: Record<string, unknown>;
}

/** Names an alert the same whoever computes it: by pipeline, alert and key. */
export const alertId = (pipeline: string, alert: string, key: Record<string, unknown>): string =>
  v5(JSON.stringify([pipeline, alert, ...Object.entries(key).sort()]), idSpace);

const idSpace = "5b0e2f0c-6d0a-4c55-9f0b-0c1f2d6b7a11";

/**
 * Reads one record of the topic of alerts. Whole numbers of 64 bits and decimals are digits in strings, as
 * everywhere in JSON (decision 0014). Throws where the record is no alert.
 */
export function readAlert(
  pipeline: Pick<Pipeline, "alerts"> & { name: string },
  record: { key: string; value: string },
): RaisedAlert {
  const key = parse(record.key) as Record<string, unknown>;
  const value = parse(record.value) as Record<string, unknown>;
  const alert = key[alertColumn];
  if (typeof alert !== "string") throw new Error(`key ${record.key.slice(0, 200)} names no ${alertColumn}`);
  const types = new Map(alertColumns(pipeline, alert).map(({ name, type }) => [name, type]));
  const plain = (from: Record<string, unknown>) =>
    Object.fromEntries(
      Object.entries(from)
        .filter(([name]) => name !== alertColumn)
        .map(([name, field]) => {
          if (!isLosslessNumber(field)) return [name, field];
          const type = types.get(name);
          return [name, type === "INT" || type === "DOUBLE" ? Number(field.value) : field.value];
        }),
    );
  const ownKey = plain(key);
  return {
    pipeline: pipeline.name,
    alert,
    id: alertId(pipeline.name, alert, ownKey),
    key: ownKey,
    value: plain(value),
  };
}

/** Names of what an alert says, in the order in which the contract has its fields: Postgres keeps another. */
export function saidFields(
  pipeline: Pick<Pipeline, "alerts">,
  { alert, value }: Pick<RaisedAlert, "alert" | "value">,
): string[] {
  const declared = alertColumns(pipeline, alert).map(({ name }) => name);
  return [...new Set([...declared.filter((name) => name in value), ...Object.keys(value)])];
}

export type AlertState = "waiting" | "delivered" | "refused" | "given up";

/** How a try ended: with the receiver's status, or without an answer. */
export type Attempt = { status: number } | { error: string };

export interface AfterAttempt {
  state: AlertState;
  lastError: string | null;
  /** When to try again; null where there is no more try. */
  pauseMs: number | null;
}

const pauseMsMin = 1000;
const pauseMsMax = 60_000;

/** After so long an alert is no news: it is given up. */
export const giveUpAfterMs = 24 * 3600 * 1000;

/** Statuses that say "later" though they are in the row of those that say "never". */
const later = [408, 409, 425, 429];

/** What becomes of an alert after its try number `attempts`, `ageMs` after it was raised; `random` is 0 to 1. */
export function afterAttempt(
  attempt: Attempt,
  { attempts, ageMs }: { attempts: number; ageMs: number },
  random: number,
): AfterAttempt {
  if ("status" in attempt && attempt.status >= 200 && attempt.status < 300)
    return { state: "delivered", lastError: null, pauseMs: null };
  const lastError = "status" in attempt ? `answered ${attempt.status}` : attempt.error;
  const isRefusal =
    "status" in attempt && attempt.status >= 300 && attempt.status < 500 && !later.includes(attempt.status);
  if (isRefusal) return { state: "refused", lastError, pauseMs: null };
  // Half to one and a half of the pause: those that failed together don't come back together.
  const pauseMs = Math.round(Math.min(pauseMsMax, pauseMsMin * 2 ** (attempts - 1)) * (0.5 + random));
  if (ageMs + pauseMs > giveUpAfterMs) return { state: "given up", lastError, pauseMs: null };
  return { state: "waiting", lastError, pauseMs };
}
