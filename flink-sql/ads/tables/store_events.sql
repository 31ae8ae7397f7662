-- One row per event of a device in the app store, each once. Partitioned by its day (UTC).
-- assert: unique event_id
-- assert: not null event_id, event_time
CREATE TABLE IF NOT EXISTS store_events (
  event_id        STRING,
  event_type      STRING,
  event_time      TIMESTAMP_LTZ(6),
  event_day       DATE,
  received_at     TIMESTAMP_LTZ(6),
  host            STRING,
  user_agent      STRING,
  accept          STRING,
  device_id       STRING,
  app_id          STRING,
  action          STRING,
  country         STRING,
  brand           STRING,
  kafka_partition INT,
  kafka_offset    BIGINT
) PARTITIONED BY (event_day) WITH (
  'format-version' = '2',
  'write.format.default' = 'parquet',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '50'
);
