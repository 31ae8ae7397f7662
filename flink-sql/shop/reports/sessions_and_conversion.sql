-- Sessions and conversion
-- question: Of the sessions begun each day, how many filled a cart, and how many bought?
-- chart: line x=day y=conversion
-- param: month = ''  Month in which sessions began, yyyy-MM; empty for all
WITH sessions AS (
  SELECT
    user_session,
    MIN(event_day) AS day,
    COUNT(*) AS actions,
    COUNT_IF(event_type = 'cart') > 0 AS has_cart,
    COUNT_IF(event_type = 'purchase') > 0 AS has_purchase,
    SUM(IF(event_type = 'purchase', price, 0)) AS revenue
  FROM lake.shop.actions
  WHERE user_session IS NOT NULL
  GROUP BY user_session
)
SELECT
  day,
  COUNT(*) AS sessions,
  COUNT_IF(has_cart) AS with_cart,
  COUNT_IF(has_purchase) AS with_purchase,
  CAST(CAST(COUNT_IF(has_purchase) AS DECIMAL(18, 4)) / COUNT(*) AS DECIMAL(18, 4)) AS conversion,
  CAST(CAST(SUM(actions) AS DECIMAL(18, 4)) / COUNT(*) AS DECIMAL(18, 4)) AS actions_per_session,
  CAST(SUM(revenue) AS DECIMAL(38, 2)) AS revenue
FROM sessions
WHERE '${month}' = '' OR date_format(day, '%Y-%m') = '${month}'
GROUP BY day
ORDER BY day;
