-- The latest row of each product: what a later record says of an asin replaces what was there.
-- assert: unique asin
-- assert: not null event_id, event_time, asin
CREATE TABLE IF NOT EXISTS products (
  event_id             STRING,
  event_time           TIMESTAMP_LTZ(6),
  received_at          TIMESTAMP_LTZ(6),
  asin                 STRING,
  title                STRING,
  img_url              STRING,
  product_url          STRING,
  stars                DECIMAL(2, 1),
  reviews              INT,
  price                DECIMAL(10, 2),
  list_price           DECIMAL(10, 2),
  category_id          INT,
  is_best_seller       BOOLEAN,
  bought_in_last_month INT,
  kafka_partition      INT,
  kafka_offset         BIGINT,
  PRIMARY KEY (asin) NOT ENFORCED
) WITH (
  'format-version' = '2',
  'write.upsert.enabled' = 'true',
  'write.format.default' = 'parquet',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '50'
);
