-- Purchases per minute
-- question: How many purchases were made in each minute of the last day on which any were made?
-- chart: line x=minute y=purchases color=event_type
WITH minutes AS (
  SELECT
    DATE_TRUNC('minute', event_time) AS minute,
    event_type,
    COUNT(*) AS purchases,
    SUM(amount) AS amount
  FROM lake.game.purchases
  GROUP BY 1, 2
)
SELECT
  minute,
  event_type,
  purchases,
  amount
FROM minutes
WHERE minute > (SELECT MAX(minute) FROM minutes) - INTERVAL '1' DAY
ORDER BY minute, event_type;
