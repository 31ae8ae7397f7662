-- Bot alerts by day
-- question: How many bursts were there each day, of how many users, and how large was the largest?
-- chart: bar x=day y=alerts
-- param: month = ''  Month, yyyy-MM; empty for all
SELECT
  CAST(window_start AS DATE) AS day,
  COUNT(*) AS alerts,
  COUNT(DISTINCT user_id) AS users,
  SUM(actions) AS actions,
  MAX(actions) AS actions_max
FROM lake.shop.bot_alerts
WHERE '${month}' = '' OR date_format(window_start, '%Y-%m') = '${month}'
GROUP BY 1
ORDER BY 1;
