-- One product
-- question: What is known of a product, and in which category is it?
-- param: asin = ''  The product; empty for the one with the most reviews
SELECT
  asin,
  title,
  found.category_id,
  category_name,
  stars,
  reviews,
  price,
  list_price,
  is_best_seller,
  bought_in_last_month,
  product_url,
  img_url
FROM lake.products.products AS found
LEFT JOIN lake.products.categories AS named ON named.category_id = found.category_id
WHERE asin = '${asin}'
  OR ('${asin}' = '' AND asin = (
    SELECT asin FROM lake.products.products ORDER BY reviews DESC, asin LIMIT 1
  ));
