-- One row per user and window of 10 s in which the user acted more often than a person does; its count grows.
-- assert: unique user_id, window_start
-- assert: not null user_id, window_start
CREATE TABLE IF NOT EXISTS bot_alerts (
  user_id      BIGINT NOT NULL,
  window_start TIMESTAMP_LTZ(6) NOT NULL,
  window_end   TIMESTAMP_LTZ(6),
  actions      BIGINT,
  first_action TIMESTAMP_LTZ(6),
  last_action  TIMESTAMP_LTZ(6),
  PRIMARY KEY (user_id, window_start) NOT ENFORCED
) WITH (
  'format-version' = '2',
  'write.upsert.enabled' = 'true',
  'write.format.default' = 'parquet',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '50'
);
