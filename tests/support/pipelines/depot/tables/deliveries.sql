-- One row per delivery.
CREATE TABLE IF NOT EXISTS deliveries (
  event_id        STRING,
  event_time      TIMESTAMP_LTZ(6),
  delivery_id     BIGINT,
  carrier         STRING,
  goods           STRING,
  pieces          INT,
  price           DECIMAL(12, 2),
  is_fragile      BOOLEAN,
  kafka_partition INT,
  kafka_offset    BIGINT
) WITH ('format-version' = '2');
