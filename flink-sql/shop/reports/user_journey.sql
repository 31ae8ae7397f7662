-- A user's journey
-- question: What did one visitor do, step by step?
-- param: user = ''  user_id; empty for the one who came last
-- param: day = ''  Day, yyyy-MM-dd; empty for all
SELECT
  event_time AS at,
  event_type AS action,
  product_id,
  category_code AS category,
  brand,
  price,
  user_session AS session
FROM lake.shop.actions
WHERE user_id = COALESCE(
  CAST(NULLIF('${user}', '') AS BIGINT),
  (SELECT MAX_BY(user_id, ROW(event_time, user_id)) FROM lake.shop.actions)
)
AND ('${day}' = '' OR event_day = CAST(NULLIF('${day}', '') AS DATE))
ORDER BY event_time, action, product_id, price, event_id;
