-- The latest row of each category: what a later record says of an id replaces what was there.
-- assert: unique category_id
-- assert: not null event_id, event_time, category_id
CREATE TABLE IF NOT EXISTS categories (
  event_id        STRING,
  event_time      TIMESTAMP_LTZ(6),
  received_at     TIMESTAMP_LTZ(6),
  category_id     INT,
  category_name   STRING,
  kafka_partition INT,
  kafka_offset    BIGINT,
  PRIMARY KEY (category_id) NOT ENFORCED
) WITH (
  'format-version' = '2',
  'write.upsert.enabled' = 'true',
  'write.format.default' = 'parquet',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '50'
);
