-- Price levels
-- question: How many products are sold at each level of price, in steps of 5? Unknown prices are left out.
-- chart: bar x=price_from y=products
-- param: highest = 200  Prices from here on share one level; empty for all levels
WITH priced AS (
  SELECT CAST(floor(price / 5) * 5 AS BIGINT) AS level
  FROM lake.products.products
  WHERE price > 0
),
levels AS (
  SELECT least(level, coalesce(TRY_CAST('${highest}' AS BIGINT) / 5 * 5, level)) AS price_from
  FROM priced
)
SELECT
  price_from,
  COUNT(*) AS products,
  -- DECIMAL(18, 4) by a BIGINT has 20 digits more, and none becomes a tie; DECIMAL(38, 4) has two more.
  CAST(CAST(COUNT(*) AS DECIMAL(18, 4)) / SUM(COUNT(*)) OVER () AS DECIMAL(18, 4)) AS share
FROM levels
GROUP BY price_from
ORDER BY price_from;
