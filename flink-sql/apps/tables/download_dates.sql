-- Dimension: one row per day on which anything was downloaded.
-- assert: unique download_date
-- assert: not null event_id, event_time, download_date
CREATE TABLE IF NOT EXISTS download_dates (
  event_id        STRING,
  event_time      TIMESTAMP_LTZ(6),
  download_date   DATE NOT NULL,
  download_year   INT,
  quarter_number  INT,
  download_month  STRING,
  iso_week        INT,
  weekday         INT,
  weekday_name    STRING,
  is_weekend      BOOLEAN,
  kafka_partition INT,
  kafka_offset    BIGINT,
  PRIMARY KEY (download_date) NOT ENFORCED
) WITH (
  'format-version' = '2',
  'write.format.default' = 'parquet',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '50',
  'write.upsert.enabled' = 'true'
);
