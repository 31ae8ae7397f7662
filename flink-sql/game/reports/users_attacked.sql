-- Users attacked
-- question: How many different players were attacked, and how often?
SELECT
  COUNT(DISTINCT user_id) AS users_attacked,
  COUNT(*) AS attacks,
  -- NULLIF: before the first attack there is no average.
  ROUND(CAST(COUNT(*) AS DOUBLE) / NULLIF(COUNT(DISTINCT user_id), 0), 2) AS attacks_per_user
FROM lake.game.character_events
WHERE event_type = 'enemy_attack';
