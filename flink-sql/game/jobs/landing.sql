-- Each accepted event once, by event type into its table. The root page's `default` is filtered: no table takes it.
EXECUTE STATEMENT SET BEGIN

INSERT INTO purchases
SELECT
  event_id, event_type, event_time, received_at, host, user_agent, accept,
  user_id, sword_type, amount, price,
  kafka_partition, kafka_offset
FROM events
WHERE event_type IN ('purchase_sword', 'purchase_shield', 'purchase_potion');

INSERT INTO guild_memberships
SELECT
  event_id, event_type, event_time, received_at, host, user_agent, accept,
  user_id, guild_name,
  kafka_partition, kafka_offset
FROM events
WHERE event_type = 'join_guild';

INSERT INTO character_events
SELECT
  event_id, event_type, event_time, received_at, host, user_agent, accept,
  user_id,
  kafka_partition, kafka_offset
FROM events
WHERE event_type IN ('find_treasure', 'enemy_attack', 'defeat_enemy');

INSERT INTO character_stats
SELECT
  event_id, event_type, event_time, received_at, host, user_agent, accept,
  user_id, amount, level, attack, defence, health,
  kafka_partition, kafka_offset
FROM events
WHERE event_type IN ('level_up', 'take_potion');

END;
