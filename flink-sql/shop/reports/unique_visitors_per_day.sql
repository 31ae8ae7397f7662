-- Unique visitors per day
-- question: How many different people came each day, and how many of them bought?
-- chart: line x=day y=visitors
-- param: month = ''  Month, yyyy-MM; empty for all
SELECT
  event_day AS day,
  COUNT(DISTINCT user_id) AS visitors,
  COUNT(DISTINCT user_id) FILTER (WHERE event_type = 'purchase') AS buyers,
  COUNT(*) AS actions
FROM lake.shop.actions
WHERE '${month}' = '' OR date_format(event_day, '%Y-%m') = '${month}'
GROUP BY event_day
ORDER BY event_day;
