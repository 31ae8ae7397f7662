-- Top categories per hour
-- question: At which hour of the day (UTC) is which category asked for most?
-- chart: bar x=hour y=actions color=category
-- param: month = ''  Month, yyyy-MM; empty for all
-- param: top = 3  How many categories of each hour
WITH counted AS (
  SELECT
    HOUR(event_time) AS hour,
    category_id,
    COUNT(*) AS actions,
    COUNT_IF(event_type = 'view') AS views,
    COUNT_IF(event_type = 'cart') AS carts,
    COUNT_IF(event_type = 'purchase') AS purchases
  FROM lake.shop.actions
  WHERE '${month}' = '' OR date_format(event_day, '%Y-%m') = '${month}'
  GROUP BY 1, 2
),
ranked AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY hour ORDER BY actions DESC, category_id) AS place
  FROM counted
),
named AS (
  -- Some rows of a category lack its name.
  SELECT category_id, MAX(category_code) AS category_code
  FROM lake.shop.actions
  GROUP BY category_id
)
SELECT
  hour,
  place,
  COALESCE(category_code, CAST(category_id AS VARCHAR)) AS category,
  actions,
  views,
  carts,
  purchases
FROM ranked
JOIN named USING (category_id)
WHERE place <= CAST('${top}' AS BIGINT)
ORDER BY hour, place;
