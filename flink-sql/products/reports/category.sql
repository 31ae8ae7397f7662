-- One category
-- question: What is in a category: how many products, at what prices, how well rated?
-- param: category = ''  Its id or its name, in any case; empty for all
SELECT
  named.category_id,
  category_name,
  COUNT(asin) AS products,
  COUNT_IF(is_best_seller) AS best_sellers,
  CAST(CAST(SUM(price) AS DECIMAL(18, 2)) / NULLIF(COUNT_IF(price > 0), 0) AS DECIMAL(18, 2)) AS average_price,
  CAST(CAST(SUM(stars) AS DECIMAL(18, 3)) / NULLIF(COUNT_IF(stars > 0), 0) AS DECIMAL(18, 3)) AS average_stars
FROM lake.products.categories AS named
LEFT JOIN lake.products.products AS held ON held.category_id = named.category_id
WHERE '${category}' IN ('', CAST(named.category_id AS VARCHAR))
  OR lower(category_name) = lower('${category}')
GROUP BY named.category_id, category_name
ORDER BY named.category_id;
