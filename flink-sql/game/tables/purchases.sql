-- One row per purchase of swords, shields or potions.
-- assert: unique event_id
-- assert: not null event_id, event_time
CREATE TABLE IF NOT EXISTS purchases (
  event_id        STRING,
  event_type      STRING,
  event_time      TIMESTAMP_LTZ(6),
  received_at     TIMESTAMP_LTZ(6),
  host            STRING,
  user_agent      STRING,
  accept          STRING,
  user_id         STRING,
  sword_type      STRING,
  amount          INT,
  price           INT,
  kafka_partition INT,
  kafka_offset    BIGINT
) WITH (
  'format-version' = '2',
  'write.format.default' = 'parquet',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '50'
);
