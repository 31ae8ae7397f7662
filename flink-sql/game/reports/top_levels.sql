-- Top 10 by levels
-- question: Which ten players gained the most levels, and in how many steps?
-- chart: bar x=user_id y=levels
SELECT
  user_id,
  SUM(level) AS levels,
  COUNT(*) AS level_ups
FROM lake.game.character_stats
WHERE event_type = 'level_up'
GROUP BY user_id
ORDER BY levels DESC, user_id
LIMIT 10;
