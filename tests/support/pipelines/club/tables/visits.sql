-- One row per visit.
CREATE TABLE IF NOT EXISTS visits (
  event_id        STRING,
  event_time      TIMESTAMP_LTZ(6),
  member_id          STRING,
  room            STRING,
  kafka_partition INT,
  kafka_offset    BIGINT
) WITH ('format-version' = '2');
