-- Members by guild
-- question: How many different players are in each guild now, and how many ever joined it?
-- chart: bar x=guild_name y=members
WITH joins AS (
  SELECT
    user_id,
    guild_name,
    -- As in guild_membership: the latest join counts.
    ROW_NUMBER() OVER (
      PARTITION BY user_id ORDER BY event_time DESC, kafka_offset DESC
    ) AS recency
  FROM lake.game.guild_memberships
)
SELECT
  guild_name,
  COUNT(DISTINCT user_id) FILTER (WHERE recency = 1) AS members,
  COUNT(DISTINCT user_id) AS ever_joined
FROM joins
GROUP BY guild_name
ORDER BY members DESC, ever_joined DESC, guild_name;
