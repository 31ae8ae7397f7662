-- Who acts more than 10 times in one window of 10 s raises an alert. The window is computed from event_time and
-- nothing waits for a watermark: rows that come late, doubled or out of order count right, and silence stops nothing.
CREATE TEMPORARY VIEW bursts AS
SELECT
  user_id,
  window_start,
  TIMESTAMPADD(SECOND, 10, window_start) AS window_end,
  COUNT(*) AS actions,
  MIN(event_time) AS first_action,
  MAX(event_time) AS last_action
FROM (
  SELECT
    user_id,
    event_time,
    TO_TIMESTAMP_LTZ(UNIX_TIMESTAMP(DATE_FORMAT(event_time, 'yyyy-MM-dd HH:mm:ss')) / 10 * 10, 0) AS window_start
  FROM clicks
)
GROUP BY user_id, window_start
HAVING COUNT(*) > 10;

INSERT INTO bot_alerts
SELECT user_id, window_start, window_end, actions, first_action, last_action
FROM bursts;
