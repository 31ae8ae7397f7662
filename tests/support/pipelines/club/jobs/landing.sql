-- Visits and payments, each into its table.
EXECUTE STATEMENT SET BEGIN
INSERT INTO visits
SELECT event_id, event_time, member_id, room, kafka_partition, kafka_offset
FROM desk
WHERE event_type = 'visit';
INSERT INTO payments
SELECT event_id, event_time, member_id, amount, kafka_partition, kafka_offset
FROM desk
WHERE event_type = 'payment';
END;
