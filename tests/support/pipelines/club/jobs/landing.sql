-- Visits and payments, each into its table; a question is an alert.
EXECUTE STATEMENT SET BEGIN
INSERT INTO visits
SELECT event_id, event_time, member_id, room, kafka_partition, kafka_offset
FROM desk
WHERE event_type = 'visit';
INSERT INTO payments
SELECT event_id, event_time, member_id, amount, kafka_partition, kafka_offset
FROM desk
WHERE event_type = 'payment';
INSERT INTO asked_alert
SELECT 'asked', member_id, event_time
FROM desk
WHERE event_type = 'question';
END;
