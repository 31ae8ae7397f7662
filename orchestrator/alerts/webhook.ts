// Tells a webhook of an alert, in the form of Standard Webhooks: id, time and signature are headers.
import { createHmac } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { Attempt, RaisedAlert } from "./states.ts";

export interface Webhook {
  /** Tries once, for a few seconds. Never throws: no answer is an outcome too. */
  send(alert: RaisedAlert & { raisedAt: Date }): Promise<Attempt>;
}

// No signal ends a try sooner: its outcome would never be known, and the alert told again.
const timeoutMs = 5000;

/** Reads a secret, `whsec_…` (base64) or any text. Throws where others may read the file. */
export function readSecret(file: string): Buffer {
  const { mode } = statSync(file);
  if ((mode & 0o077) !== 0)
    throw new Error(
      `SWORDLAKE_ALERT_WEBHOOK_SECRET_FILE ${file} can be read by others: run 'chmod 600 ${file}'.`,
    );
  const text = readFileSync(file, "utf8").trim();
  if (!text) throw new Error(`SWORDLAKE_ALERT_WEBHOOK_SECRET_FILE ${file} is empty: write a secret into it.`);
  return text.startsWith("whsec_") ? Buffer.from(text.slice("whsec_".length), "base64") : Buffer.from(text);
}

/** The signature of a message: HMAC-SHA256 over id, seconds since 1970 and body. */
export const signature = (secret: Buffer, id: string, seconds: number, body: string) =>
  `v1,${createHmac("sha256", secret).update(`${id}.${seconds}.${body}`).digest("base64")}`;

/** A webhook at an address; requests are signed where there is a secret. */
export function createWebhook({ url, secretFile }: { url: string; secretFile: string | undefined }): Webhook {
  const secret = secretFile === undefined ? undefined : readSecret(secretFile);
  return {
    async send({ pipeline, alert, id, value, raisedAt }) {
      const body = JSON.stringify({
        type: `${pipeline}.${alert}`,
        timestamp: raisedAt.toISOString(),
        data: value,
      });
      const messageId = `alert_${id}`;
      const seconds = Math.floor(Date.now() / 1000);
      const headers = {
        "content-type": "application/json",
        "webhook-id": messageId,
        "webhook-timestamp": String(seconds),
        ...(secret && { "webhook-signature": signature(secret, messageId, seconds, body) }),
      };
      try {
        const answer = await fetch(url, {
          method: "POST",
          headers,
          body,
          redirect: "manual",
          signal: AbortSignal.timeout(timeoutMs),
        });
        await answer.body?.cancel();
        return { status: answer.status };
      } catch (error) {
        const { message, cause } = error as Error;
        return { error: cause instanceof Error ? cause.message || message : message };
      }
    },
  };
}
