-- One row per payment.
CREATE TABLE IF NOT EXISTS payments (
  event_id        STRING,
  event_time      TIMESTAMP_LTZ(6),
  member_id          STRING,
  amount          INT,
  kafka_partition INT,
  kafka_offset    BIGINT
) WITH ('format-version' = '2');
