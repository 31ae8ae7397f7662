-- Facts: minutes by user, app and day, one row per event. By month, as an import has the days of a year mixed: by
-- day each commit of it would write hundreds of small files.
-- assert: unique event_id
-- assert: not null event_id, event_time
CREATE TABLE IF NOT EXISTS usage_minutes (
  event_id        STRING,
  event_time      TIMESTAMP_LTZ(6),
  received_at     TIMESTAMP_LTZ(6),
  user_agent      STRING,
  user_id         BIGINT,
  user_key        STRING,
  app_key         STRING,
  listing_key     STRING,
  download_date   DATE,
  download_month  STRING,
  minutes         INT,
  kafka_partition INT,
  kafka_offset    BIGINT
) PARTITIONED BY (download_month) WITH (
  'format-version' = '2',
  'write.format.default' = 'parquet',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '50'
);
