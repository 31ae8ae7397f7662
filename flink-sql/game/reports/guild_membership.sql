-- Guild membership
-- question: Which guild is each player in? The latest join counts, as nobody is in two guilds.
WITH joins AS (
  SELECT
    user_id,
    guild_name,
    event_time,
    COUNT(*) OVER (PARTITION BY user_id) AS joins,
    -- One player's events share a Kafka partition, so the offset settles equal times.
    ROW_NUMBER() OVER (
      PARTITION BY user_id ORDER BY event_time DESC, kafka_offset DESC
    ) AS recency
  FROM lake.game.guild_memberships
)
SELECT
  guild_name,
  user_id,
  event_time AS joined_at,
  joins
FROM joins
WHERE recency = 1
ORDER BY guild_name, user_id;
