-- One row per action of a visitor, as it came: by day, and findable by category and by user.
-- Flink can't declare a sort order or buckets: bloom filters let readers pass over files without the category.
-- assert: unique event_id
-- assert: not null event_id, event_time
CREATE TABLE IF NOT EXISTS actions (
  event_id        STRING,
  event_type      STRING,
  event_time      TIMESTAMP_LTZ(6),
  received_at     TIMESTAMP_LTZ(6),
  host            STRING,
  user_agent      STRING,
  accept          STRING,
  product_id      BIGINT,
  category_id     BIGINT,
  category_code   STRING,
  brand           STRING,
  price           DECIMAL(10, 2),
  user_id         BIGINT,
  user_session    STRING,
  event_day       DATE,
  kafka_partition INT,
  kafka_offset    BIGINT
) PARTITIONED BY (event_day) WITH (
  'format-version' = '2',
  'write.format.default' = 'parquet',
  'write.parquet.compression-codec' = 'zstd',
  'write.parquet.bloom-filter-enabled.column.category_id' = 'true',
  'write.parquet.bloom-filter-enabled.column.user_id' = 'true',
  'write.distribution-mode' = 'hash',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '50'
);
