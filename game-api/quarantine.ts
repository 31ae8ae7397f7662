// What the API refused, as records of the pipeline's quarantine topic: nothing sent is thrown away.
// Pure. Refusals of unauthenticated callers and of bodies too large to read never come here.
import type { Issue } from "../flink-sql/envelope.ts";
import { kafkaTopic } from "../flink-sql/folders.ts";
import { quarantineTopic } from "../flink-sql/log.ts";
import type { Source } from "./batch-source.ts";
import type { KafkaRecord } from "./delivery.ts";

/** One event, or one whole body, that was refused. */
export interface Refused {
  eventType?: string | undefined;
  /** The code of the answer. */
  reason: string;
  issues: Issue[];
  /** As it came: text of the body or the line, or the query as JSON. */
  payload: string;
  /** File and line that it was loaded from. */
  source?: Source | undefined;
}

/** Who sent it, in which request. */
export interface Sender {
  pipeline: string;
  /** Fingerprint of the contract that refused it. */
  contract: string;
  keyId?: string | undefined;
  requestId: string;
  /** A load names its run here. */
  userAgent?: string | undefined;
}

/** Characters of a payload that are kept; a record must stay below Kafka's bound of 1 MB. */
const payloadCharsMax = 100_000;
const messageCharsMax = 1000;

/** The record for one refusal: a flat JSON object, the columns of table `quarantine` by their names. */
export function quarantineRecord(refused: Refused, sender: Sender): KafkaRecord {
  const [first] = refused.issues;
  const value = {
    reason: refused.reason,
    field_path: first?.path || undefined,
    event_type: refused.eventType,
    message: refused.issues
      .map(({ path, message }) => (path ? `${path}: ${message}` : message))
      .join("; ")
      .slice(0, messageCharsMax),
    payload: refused.payload.slice(0, payloadCharsMax),
    payload_length: refused.payload.length,
    contract: sender.contract,
    key_id: sender.keyId,
    request_id: sender.requestId,
    user_agent: sender.userAgent,
    source_file: refused.source?.file,
    source_line: refused.source?.line,
  };
  return { topic: kafkaTopic(sender.pipeline, quarantineTopic), key: null, value: JSON.stringify(value) };
}
