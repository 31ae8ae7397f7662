-- Average price by category
-- question: What does a product of each category cost on average?
-- chart: bar x=category y=average_price
-- param: unknown = without  'with' counts unknown prices as 0.00; 'without' leaves them out
-- param: top = 30  Only so many categories, the dearest; empty for all
WITH priced AS (
  SELECT
    category_id,
    COUNT(*) AS products,
    COUNT_IF(price = 0) AS unknown_prices,
    -- As in price_levels.sql: nothing is rounded twice.
    CAST(CAST(SUM(price) AS DECIMAL(18, 2)) / COUNT(*) AS DECIMAL(18, 2)) AS average_price,
    MIN(price) AS lowest_price,
    MAX(price) AS highest_price
  FROM lake.products.products
  WHERE price > 0 OR '${unknown}' = 'with'
  GROUP BY category_id
),
ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (ORDER BY average_price DESC, category_id) AS place
  FROM priced
)
SELECT
  ranked.category_id,
  coalesce(category_name, 'category ' || CAST(ranked.category_id AS VARCHAR)) AS category,
  products,
  unknown_prices,
  average_price,
  lowest_price,
  highest_price
FROM ranked
LEFT JOIN lake.products.categories AS named ON named.category_id = ranked.category_id
WHERE place <= coalesce(TRY_CAST('${top}' AS BIGINT), place)
ORDER BY average_price DESC, ranked.category_id;
