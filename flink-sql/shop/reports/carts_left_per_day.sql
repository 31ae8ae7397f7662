-- Carts left behind per day
-- question: On each day, how many people left something in the cart, and what was it worth?
-- chart: line x=day y=users
-- param: month = ''  Month, yyyy-MM; empty for all
WITH carts AS (
  SELECT
    event_day,
    user_id,
    product_id,
    -- The last word counts; in the same second, taking out comes after putting in.
    MAX_BY(event_type, ROW(event_time, event_type))
      FILTER (WHERE event_type IN ('cart', 'remove_from_cart')) AS last_word,
    BOOL_OR(event_type = 'purchase') AS bought,
    MAX(price) FILTER (WHERE event_type = 'cart') AS price
  FROM lake.shop.actions
  WHERE event_type IN ('cart', 'remove_from_cart', 'purchase')
    AND ('${month}' = '' OR date_format(event_day, '%Y-%m') = '${month}')
  GROUP BY event_day, user_id, product_id
)
SELECT
  event_day AS day,
  COUNT(DISTINCT user_id) AS users,
  COUNT(*) AS products,
  SUM(price) AS worth
FROM carts
WHERE last_word = 'cart' AND NOT bought
GROUP BY event_day
ORDER BY event_day;
