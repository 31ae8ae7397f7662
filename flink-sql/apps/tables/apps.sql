-- Dimension: one row per version of an app's listing; app_key is the same in all versions of one app.
-- assert: unique listing_key
-- assert: not null event_id, event_time, listing_key
CREATE TABLE IF NOT EXISTS apps (
  event_id        STRING,
  event_time      TIMESTAMP_LTZ(6),
  listing_key     STRING NOT NULL,
  app_key         STRING,
  app             STRING,
  category        STRING,
  app_type        STRING,
  rating          DECIMAL(2, 1),
  reviews         BIGINT,
  size_bytes      BIGINT,
  installs        BIGINT,
  price           DECIMAL(8, 2),
  content_rating  STRING,
  genres          STRING,
  last_updated    DATE,
  current_ver     STRING,
  android_ver     STRING,
  kafka_partition INT,
  kafka_offset    BIGINT,
  PRIMARY KEY (listing_key) NOT ENFORCED
) WITH (
  'format-version' = '2',
  'write.format.default' = 'parquet',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '50',
  'write.upsert.enabled' = 'true'
);
