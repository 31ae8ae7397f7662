-- Every accepted event is one row of the facts.
INSERT INTO usage_minutes
SELECT
  event_id, event_time, received_at, user_agent,
  user_id, user_key, app_key, listing_key,
  download_date, DATE_FORMAT(CAST(download_date AS TIMESTAMP(3)), 'yyyy-MM') AS download_month, minutes,
  kafka_partition, kafka_offset
FROM `usage`;
