-- Each accepted action once, whatever its type.
SET 'table.local-time-zone' = 'UTC';

INSERT INTO actions
SELECT
  event_id, event_type, event_time, received_at, host, user_agent, accept,
  product_id, category_id, category_code, brand, price, user_id, user_session,
  CAST(event_time AS DATE) AS event_day,
  kafka_partition, kafka_offset
FROM clicks;
