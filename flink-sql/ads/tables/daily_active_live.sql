-- Distinct devices of a day (UTC) and country over both streams, as the job 'active' counts them while they come.
-- assert: unique event_day, country
-- assert: not null event_day, country
CREATE TABLE IF NOT EXISTS daily_active_live (
  event_day      DATE NOT NULL,
  country        STRING NOT NULL,
  devices        BIGINT,
  active_devices BIGINT,
  PRIMARY KEY (event_day, country) NOT ENFORCED
) WITH (
  'format-version' = '2',
  'write.upsert.enabled' = 'true',
  'write.format.default' = 'parquet',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '50'
);
