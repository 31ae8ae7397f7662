-- Brands that need marketing
-- question: Which brands are seen by many and bought by few?
-- chart: scatter x=views y=purchases
-- param: month = ''  Month, yyyy-MM; empty for all
-- param: views = 100  Brands seen less often than this are left out
WITH brands AS (
  SELECT
    brand,
    COUNT_IF(event_type = 'view') AS views,
    COUNT(DISTINCT user_id) FILTER (WHERE event_type = 'view') AS viewers,
    COUNT_IF(event_type = 'cart') AS carts,
    COUNT_IF(event_type = 'purchase') AS purchases
  FROM lake.shop.actions
  WHERE brand IS NOT NULL AND ('${month}' = '' OR date_format(event_day, '%Y-%m') = '${month}')
  GROUP BY brand
)
SELECT
  brand,
  views,
  viewers,
  carts,
  purchases,
  CAST(CAST(purchases AS DECIMAL(18, 4)) / views AS DECIMAL(18, 4)) AS purchases_per_view
FROM brands
WHERE views > 0 AND views >= CAST('${views}' AS BIGINT)
ORDER BY purchases_per_view, views DESC, brand;
