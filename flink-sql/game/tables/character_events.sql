-- One row each time a player finds a treasure, is attacked or defeats an enemy.
-- assert: unique event_id
-- assert: not null event_id, event_time
CREATE TABLE IF NOT EXISTS character_events (
  event_id        STRING,
  event_type      STRING,
  event_time      TIMESTAMP_LTZ(6),
  received_at     TIMESTAMP_LTZ(6),
  host            STRING,
  user_agent      STRING,
  accept          STRING,
  user_id         STRING,
  kafka_partition INT,
  kafka_offset    BIGINT
) WITH (
  'format-version' = '2',
  'write.format.default' = 'parquet',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '50'
);
