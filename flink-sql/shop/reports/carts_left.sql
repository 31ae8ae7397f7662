-- Who left a cart behind
-- question: Who had something in the cart on a day and did not buy it that day, and worth what?
-- param: day = ''  Day, yyyy-MM-dd; empty for the last one
-- param: user = ''  user_id; empty for all
WITH carts AS (
  SELECT
    user_id,
    product_id,
    -- As in carts_left_per_day: the last word counts.
    MAX_BY(event_type, ROW(event_time, event_type))
      FILTER (WHERE event_type IN ('cart', 'remove_from_cart')) AS last_word,
    BOOL_OR(event_type = 'purchase') AS bought,
    MAX(price) FILTER (WHERE event_type = 'cart') AS price
  FROM lake.shop.actions
  WHERE event_type IN ('cart', 'remove_from_cart', 'purchase')
    AND event_day = COALESCE(
      CAST(NULLIF('${day}', '') AS DATE), (SELECT MAX(event_day) FROM lake.shop.actions)
    )
    AND ('${user}' = '' OR user_id = CAST(NULLIF('${user}', '') AS BIGINT))
  GROUP BY user_id, product_id
)
SELECT
  user_id,
  COUNT(*) AS products,
  SUM(price) AS worth
FROM carts
WHERE last_word = 'cart' AND NOT bought
GROUP BY user_id
ORDER BY worth DESC, user_id;
