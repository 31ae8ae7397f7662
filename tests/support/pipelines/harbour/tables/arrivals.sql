-- One row per arrival.
CREATE TABLE IF NOT EXISTS arrivals (
  event_id        STRING,
  ship_id         BIGINT,
  fee             DECIMAL(20, 2),
  draught_m       DOUBLE,
  berth           INT,
  cargo           STRING,
  pilot           BOOLEAN,
  due             DATE,
  kafka_partition INT,
  kafka_offset    BIGINT
) WITH ('format-version' = '2');
