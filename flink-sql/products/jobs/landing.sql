-- Each record that is new replaces the row of its asin, or of its category's id.
EXECUTE STATEMENT SET BEGIN

INSERT INTO products
SELECT
  event_id, event_time, received_at,
  asin, title, img_url, product_url, stars, reviews, price, list_price,
  category_id, is_best_seller, bought_in_last_month,
  kafka_partition, kafka_offset
FROM product
WHERE event_type = 'product';

INSERT INTO categories
SELECT
  event_id, event_time, received_at,
  category_id, category_name,
  kafka_partition, kafka_offset
FROM category
WHERE event_type = 'category';

END;
