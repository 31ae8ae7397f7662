-- Deliveries, as they come.
INSERT INTO deliveries
SELECT
  event_id, event_time, delivery_id, carrier, goods, pieces, price, is_fragile, kafka_partition, kafka_offset
FROM goods;
