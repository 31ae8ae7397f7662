-- One row per change of a player's level, attack, defence or health: a rise in level or potions taken.
-- assert: unique event_id
-- assert: not null event_id, event_time
CREATE TABLE IF NOT EXISTS character_stats (
  event_id        STRING,
  event_type      STRING,
  event_time      TIMESTAMP_LTZ(6),
  received_at     TIMESTAMP_LTZ(6),
  host            STRING,
  user_agent      STRING,
  accept          STRING,
  user_id         STRING,
  amount          INT,
  level           INT,
  attack          INT,
  defence         INT,
  health          INT,
  kafka_partition INT,
  kafka_offset    BIGINT
) WITH (
  'format-version' = '2',
  'write.format.default' = 'parquet',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '50'
);
