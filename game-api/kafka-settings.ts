// The settings of the Kafka driver, each with its reason. Opens nothing.
export interface KafkaSettings {
  bootstrapServers: string;
  /** How long the driver tries before a record's outcome is unknown. */
  deliveryTimeoutMs: number;
  queueEventsMax: number;
}

export function driverSettings(options: KafkaSettings) {
  return {
    "bootstrap.servers": options.bootstrapServers,
    "client.id": "swordlake-game-api",
    "enable.idempotence": true,
    acks: -1,
    // Concurrent requests share one produce call; longer than this only adds to each answer's time.
    "linger.ms": 2,
    "compression.codec": "lz4" as const,
    // Java's default: the same key goes to the same partition whoever produces.
    partitioner: "murmur2_random" as const,
    "message.timeout.ms": options.deliveryTimeoutMs,
    "request.timeout.ms": Math.min(5000, options.deliveryTimeoutMs),
    "queue.buffering.max.messages": options.queueEventsMax,
    "queue.buffering.max.kbytes": 131_072,
    "allow.auto.create.topics": false,
    // A missing topic fails as missing, long before its records would time out as unknown.
    "topic.metadata.propagation.max.ms": 2000,
    "topic.metadata.refresh.interval.ms": 5000,
    "reconnect.backoff.max.ms": 1000,
    "socket.keepalive.enable": true,
    // Its lines go to stderr unstructured; what matters comes as an event.
    log_level: 0,
    dr_cb: true,
  };
}
