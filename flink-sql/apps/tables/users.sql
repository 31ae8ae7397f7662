-- Dimension: one row per version of a user. The key is made from the row's content, so that late rows, an old
-- day's batch and a second run write what is there already; see the folder's README.
-- assert: unique user_key
-- assert: not null event_id, event_time, user_key
CREATE TABLE IF NOT EXISTS users (
  event_id        STRING,
  event_time      TIMESTAMP_LTZ(6),
  user_key        STRING NOT NULL,
  user_id         BIGINT,
  user_name       STRING,
  age             INT,
  age_band        STRING,
  user_location   STRING,
  kafka_partition INT,
  kafka_offset    BIGINT,
  PRIMARY KEY (user_key) NOT ENFORCED
) WITH (
  'format-version' = '2',
  'write.format.default' = 'parquet',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '50',
  'write.upsert.enabled' = 'true'
);
