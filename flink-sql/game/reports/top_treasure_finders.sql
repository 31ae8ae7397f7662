-- Top 10 treasure finders
-- question: Which ten players found the most treasures?
-- chart: bar x=user_id y=treasures
SELECT
  user_id,
  COUNT(*) AS treasures
FROM lake.game.character_events
WHERE event_type = 'find_treasure'
GROUP BY user_id
ORDER BY treasures DESC, user_id
LIMIT 10;
