// The one home of the Kafka driver: sends records, answers for each of them, reconnects by itself.
// Refuses at once, with nothing queued, while no broker answers or the queue is full.
import kafka from "@confluentinc/kafka-javascript";
import {
  createDeliveries,
  type Failure,
  failures,
  type KafkaRecord,
  type Outcome,
  type Producer,
  type Ticket,
} from "./delivery.ts";
import { driverSettings, type KafkaSettings } from "./kafka-settings.ts";

const { RdKafka } = kafka;
const errors = RdKafka.CODES.ERRORS;
type Client = InstanceType<typeof RdKafka.Producer>;
type DriverError = { code: number; message: string };
type Report = { topic: string; partition: number; offset: number; opaque: Ticket };

export interface KafkaProducerOptions extends KafkaSettings {
  logger: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

const probeTimeoutMs = 2000;
const probeOptions = { allTopics: false, timeout: probeTimeoutMs } as object;
const retryPauseMs = 500;
/** A report that is this late will not come: the request is answered without it. */
const reportGraceMs = 500;

/** The driver copies a value before it returns, so one room serves for all that fit. */
const room = Buffer.allocUnsafeSlow(65_536);
const bytesPerUnit = 3;

const bytesOf = (value: string): Buffer =>
  value.length * bytesPerUnit > room.length ? Buffer.from(value) : room.subarray(0, room.write(value));

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** What a driver's error says about one record. Whatever isn't surely unsent is unknown. */
export function toFailure(code: number, reason: string, topic: string, queueEventsMax: number): Failure {
  switch (code) {
    case errors.ERR__UNKNOWN_TOPIC:
    case errors.ERR__UNKNOWN_PARTITION:
    case errors.ERR_UNKNOWN_TOPIC_OR_PART:
      return failures.topicMissing(topic);
    case errors.ERR__QUEUE_FULL:
      return failures.queueFull(queueEventsMax);
    case errors.ERR_MSG_SIZE_TOO_LARGE:
      return failures.tooLarge();
    case errors.ERR__PURGE_QUEUE:
    case errors.ERR_TOPIC_AUTHORIZATION_FAILED:
    case errors.ERR_CLUSTER_AUTHORIZATION_FAILED:
      return failures.unavailable(reason);
    default:
      return failures.unknown(reason);
  }
}

/** Connects in the background; usable, and refusing clearly, from the first moment. */
export function createKafkaProducer(options: KafkaProducerOptions): Producer {
  return new KafkaProducer(options);
}

class KafkaProducer implements Producer {
  readonly #options: KafkaProducerOptions;
  readonly #deliveries = createDeliveries();
  readonly #sweeper: NodeJS.Timeout;
  #client: Client | undefined;
  #downReason: string | undefined = "not connected yet";
  #closing = false;
  #watching = false;
  #probing: Promise<string | undefined> | undefined;

  constructor(options: KafkaProducerOptions) {
    this.#options = options;
    const late = failures.unknown("no report came in time");
    this.#sweeper = setInterval(() => this.#deliveries.expire(Date.now(), late), 250);
    this.#connect();
  }

  get waiting(): number {
    return this.#deliveries.waiting;
  }

  send(records: KafkaRecord[]): Promise<Outcome[]> {
    const refused = this.#refusal(records.length);
    if (refused) return Promise.resolve(records.map(() => refused));
    return new Promise((resolve) => this.#produce(this.#client!, records, resolve));
  }

  ready(): Promise<string | undefined> {
    const asked = this.#client;
    if (!asked) return Promise.resolve(this.#downReason);
    // The driver's call occupies a thread of a small pool: one at a time, shared by all who ask.
    this.#probing ??= new Promise<string | undefined>((resolve) => {
      asked.getMetadata(probeOptions, (error) => resolve(error ? error.message : undefined));
    }).finally(() => {
      this.#probing = undefined;
    });
    return this.#probing;
  }

  async close(): Promise<void> {
    this.#closing = true;
    while (this.#deliveries.waiting > 0) await pause(20);
    clearInterval(this.#sweeper);
    const last = this.#client;
    this.#client = undefined;
    if (last) await new Promise<void>((resolve) => last.disconnect(1000, () => resolve()));
  }

  #refusal(size: number): Failure | undefined {
    if (this.#closing) return failures.unavailable("shutting down");
    if (this.#downReason !== undefined) return failures.unavailable(this.#downReason);
    // All of a request or nothing of it: half a batch in the queue would be half unknown.
    const { queueEventsMax } = this.#options;
    return this.#deliveries.waiting + size > queueEventsMax ? failures.queueFull(queueEventsMax) : undefined;
  }

  #produce(client: Client, records: KafkaRecord[], done: (outcomes: Outcome[]) => void): void {
    const deadlineAtMs = Date.now() + this.#options.deliveryTimeoutMs + reportGraceMs;
    const batch = this.#deliveries.open(records.length, deadlineAtMs, done);
    for (let index = 0; index < records.length; index += 1) {
      const { topic, key, value } = records[index]!;
      const ticket = this.#deliveries.ticket(batch, index);
      try {
        client.produce(topic, -1, bytesOf(value), key, null, ticket);
      } catch (error) {
        this.#fail(client, error as DriverError, topic, ticket);
      }
    }
  }

  #fail(client: Client, error: DriverError, topic: string, ticket: Ticket): void {
    const { code, message } = error;
    const failure = toFailure(code, message, topic, this.#options.queueEventsMax);
    this.#deliveries.settle(ticket, failure);
    if (code === errors.ERR__FATAL) this.#replace(client, message);
    else if (failure.code !== "queue_full" && failure.code !== "event_too_large") void this.#watch();
  }

  #setDown(reason: string | undefined): void {
    const { logger, bootstrapServers } = this.#options;
    if (reason === this.#downReason) return;
    if (reason === undefined) logger.info({ kafka: bootstrapServers }, "kafka reached");
    else if (this.#downReason === undefined) logger.warn({ kafka: bootstrapServers, reason }, "kafka lost");
    this.#downReason = reason;
  }

  #connect(): void {
    const client = new RdKafka.Producer(driverSettings(this.#options));
    const onReport = (error: DriverError | null, report: Report) => {
      const { topic, partition, offset, opaque } = report;
      if (error) this.#fail(client, error, topic, opaque);
      else this.#deliveries.settle(opaque, { ok: true, partition, offset });
    };
    client.on("delivery-report", onReport as never);
    // These come without a code: what they mean for records is asked of a broker.
    client.on("event.error", () => void this.#watch());
    client.connect(probeOptions, (error) => {
      if (this.#closing) return client.disconnect(() => {});
      if (error) return this.#connectLater(error.message);
      client.setPollInBackground(true);
      this.#client = client;
      this.#setDown(undefined);
    });
  }

  #connectLater(reason: string): void {
    const { logger, bootstrapServers } = this.#options;
    if (this.#downReason !== reason) logger.warn({ kafka: bootstrapServers, reason }, "kafka not reached");
    this.#downReason = reason;
    setTimeout(() => !this.#closing && this.#connect(), retryPauseMs);
  }

  /** An idempotent producer that met a fatal error can't send again; only a new one can. */
  #replace(broken: Client, reason: string): void {
    if (broken !== this.#client) return;
    this.#client = undefined;
    this.#setDown(reason);
    this.#deliveries.expire(Number.POSITIVE_INFINITY, failures.unknown(reason));
    broken.disconnect(0, () => {});
    this.#connect();
  }

  /** After trouble: asks a broker, which also finds topics made since; while none answers, refuses. */
  async #watch(): Promise<void> {
    if (this.#watching) return;
    this.#watching = true;
    while (!this.#closing && this.#client) {
      const reason = await this.ready();
      if (this.#client) this.#setDown(reason);
      if (reason === undefined) break;
      await pause(retryPauseMs);
    }
    this.#watching = false;
  }
}
