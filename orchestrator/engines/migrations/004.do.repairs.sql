-- What was made of quarantined events: the event as it is to be sent, and what became of it.
CREATE TABLE repairs (
  pipeline        text NOT NULL,
  topic           text NOT NULL,
  kafka_partition integer NOT NULL,
  kafka_offset    bigint NOT NULL,
  event_type      text NOT NULL,
  event_id        text NOT NULL,
  -- JSON as it is sent; text, so that no digit of it changes.
  event           text NOT NULL,
  state           text NOT NULL CHECK (state IN ('repaired', 'replayed', 'refused')),
  message         text,
  who             text NOT NULL,
  repaired_at     timestamptz NOT NULL DEFAULT now(),
  replayed_at     timestamptz,
  PRIMARY KEY (pipeline, topic, kafka_partition, kafka_offset)
);
