-- Distinct devices of a month (yyyy-MM, UTC) and country over both streams, as the job 'active' counts them while they come.
-- assert: unique event_month, country
-- assert: not null event_month, country
CREATE TABLE IF NOT EXISTS monthly_active_live (
  event_month    STRING NOT NULL,
  country        STRING NOT NULL,
  devices        BIGINT,
  active_devices BIGINT,
  PRIMARY KEY (event_month, country) NOT ENFORCED
) WITH (
  'format-version' = '2',
  'write.upsert.enabled' = 'true',
  'write.format.default' = 'parquet',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '50'
);
