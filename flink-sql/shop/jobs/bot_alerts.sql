-- Who acts more than ACTIONS_MAX times in one window of WINDOW_SECONDS raises an alert: both are in pipeline.ts.
-- Windows are computed from event_time and wait for no watermark: docs/decisions/0024-alerts-without-watermarks.md.
SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW bursts AS
SELECT
  user_id,
  window_start,
  TIMESTAMPADD(SECOND, CAST('${WINDOW_SECONDS}' AS INT), window_start) AS window_end,
  COUNT(*) AS actions,
  MIN(event_time) AS first_action,
  MAX(event_time) AS last_action
FROM (
  SELECT
    user_id,
    event_time,
    TO_TIMESTAMP_LTZ(
      UNIX_TIMESTAMP(DATE_FORMAT(event_time, 'yyyy-MM-dd HH:mm:ss'))
        / CAST('${WINDOW_SECONDS}' AS BIGINT) * CAST('${WINDOW_SECONDS}' AS BIGINT),
      0
    ) AS window_start
  FROM clicks
)
GROUP BY user_id, window_start
HAVING COUNT(*) > CAST('${ACTIONS_MAX}' AS BIGINT);

EXECUTE STATEMENT SET BEGIN

INSERT INTO bot_alerts
SELECT user_id, window_start, window_end, actions, first_action, last_action
FROM bursts;

-- Read by the orchestrator, which tells the webhook once of each user and window.
INSERT INTO bot_bursts_alert
SELECT 'bot_bursts', user_id, window_start, window_end, actions, first_action, last_action
FROM bursts;

END;
