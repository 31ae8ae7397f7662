-- Distinct devices by day and by month over both streams, upserted as they change: decision 0021.
SET 'table.local-time-zone' = 'UTC';
-- Many events make one change of a count: without this each event would write a row, and delete one.
SET 'table.exec.mini-batch.enabled' = 'true';
SET 'table.exec.mini-batch.allow-latency' = '2 s';
SET 'table.exec.mini-batch.size' = '50000';

EXECUTE STATEMENT SET BEGIN

INSERT INTO daily_active_live
SELECT /*+ STATE_TTL('seen' = '0 ms') */
  CAST(seen.event_time AS DATE),
  seen.country,
  COUNT(DISTINCT seen.device_id),
  COUNT(DISTINCT seen.device_id) FILTER (WHERE seen.active)
FROM (
  SELECT event_time, country, device_id, action IN ('close', 'click') AS active FROM ad_stream
  UNION ALL
  SELECT event_time, country, device_id, action IN ('app_view', 'open', 'download') AS active FROM store_stream
) AS seen
GROUP BY CAST(seen.event_time AS DATE), seen.country;

INSERT INTO monthly_active_live
SELECT /*+ STATE_TTL('seen' = '0 ms') */
  DATE_FORMAT(seen.event_time, 'yyyy-MM'),
  seen.country,
  COUNT(DISTINCT seen.device_id),
  COUNT(DISTINCT seen.device_id) FILTER (WHERE seen.active)
FROM (
  SELECT event_time, country, device_id, action IN ('close', 'click') AS active FROM ad_stream
  UNION ALL
  SELECT event_time, country, device_id, action IN ('app_view', 'open', 'download') AS active FROM store_stream
) AS seen
GROUP BY DATE_FORMAT(seen.event_time, 'yyyy-MM'), seen.country;

END;
