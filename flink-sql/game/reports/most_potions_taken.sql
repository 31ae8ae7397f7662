-- Most potions taken
-- question: Which ten players drank the most potions, and what health did it give them?
-- chart: bar x=user_id y=potions
SELECT
  user_id,
  SUM(amount) AS potions,
  SUM(health) AS health
FROM lake.game.character_stats
WHERE event_type = 'take_potion'
GROUP BY user_id
ORDER BY potions DESC, user_id
LIMIT 10;
