-- Rating against price
-- question: Are dearer products rated better? Unknown prices and products without a rating are left out.
-- chart: scatter x=price_from y=average_stars
-- param: highest = 200  Prices from here on share one level; empty for all levels
-- param: category_id = ''  Only this category; empty for all
WITH rated AS (
  SELECT
    CAST(floor(price / 5) * 5 AS BIGINT) AS level,
    stars,
    reviews
  FROM lake.products.products
  WHERE price > 0 AND stars > 0
    AND ('${category_id}' = '' OR category_id = TRY_CAST('${category_id}' AS INTEGER))
)
SELECT
  least(level, coalesce(TRY_CAST('${highest}' AS BIGINT) / 5 * 5, level)) AS price_from,
  COUNT(*) AS products,
  CAST(CAST(SUM(stars) AS DECIMAL(18, 3)) / COUNT(*) AS DECIMAL(18, 3)) AS average_stars,
  SUM(CAST(reviews AS BIGINT)) AS reviews
FROM rated
GROUP BY 1
ORDER BY 1;
