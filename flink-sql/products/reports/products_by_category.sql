-- Products by category
-- question: How many products, and how many best sellers, does each category have?
-- chart: bar x=category y=products
-- param: top = 30  Only so many categories, the largest; empty for all
WITH counted AS (
  SELECT
    category_id,
    COUNT(*) AS products,
    COUNT_IF(is_best_seller) AS best_sellers,
    ROW_NUMBER() OVER (ORDER BY COUNT(*) DESC, category_id) AS place
  FROM lake.products.products
  GROUP BY category_id
)
SELECT
  counted.category_id,
  -- A category that no file named still has its products.
  coalesce(category_name, 'category ' || CAST(counted.category_id AS VARCHAR)) AS category,
  products,
  best_sellers
FROM counted
LEFT JOIN lake.products.categories AS named ON named.category_id = counted.category_id
WHERE place <= coalesce(TRY_CAST('${top}' AS BIGINT), place)
ORDER BY products DESC, counted.category_id;
