-- Arrivals; ships that leave are filtered.
INSERT INTO arrivals
SELECT event_id, ship_id, fee, draught_m, berth, cargo, pilot, due, kafka_partition, kafka_offset
FROM calls
WHERE event_type = 'ship_arrived';
