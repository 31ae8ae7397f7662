-- Each accepted event once, by stream into its table, in the partition of its day.
SET 'table.local-time-zone' = 'UTC';

EXECUTE STATEMENT SET BEGIN

INSERT INTO ad_events
SELECT
  event_id, event_type, event_time, CAST(event_time AS DATE), received_at, host, user_agent, accept,
  device_id, ad_id, action, country, brand,
  kafka_partition, kafka_offset
FROM ad_stream;

INSERT INTO store_events
SELECT
  event_id, event_type, event_time, CAST(event_time AS DATE), received_at, host, user_agent, accept,
  device_id, app_id, action, country, brand,
  kafka_partition, kafka_offset
FROM store_stream;

END;
