-- Top 10 by enemies defeated
-- question: Which ten players defeated the most enemies?
-- chart: bar x=user_id y=enemies_defeated
SELECT
  user_id,
  COUNT(*) AS enemies_defeated
FROM lake.game.character_events
WHERE event_type = 'defeat_enemy'
GROUP BY user_id
ORDER BY enemies_defeated DESC, user_id
LIMIT 10;
