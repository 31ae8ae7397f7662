-- One row each time a player joins a guild.
-- assert: unique event_id
-- assert: not null event_id, event_time
CREATE TABLE IF NOT EXISTS guild_memberships (
  event_id        STRING,
  event_type      STRING,
  event_time      TIMESTAMP_LTZ(6),
  received_at     TIMESTAMP_LTZ(6),
  host            STRING,
  user_agent      STRING,
  accept          STRING,
  user_id         STRING,
  guild_name      STRING,
  kafka_partition INT,
  kafka_offset    BIGINT
) WITH (
  'format-version' = '2',
  'write.format.default' = 'parquet',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '50'
);
