-- Player standings
-- question: What level, attack, defence and health has each player gained? Potions add health.
-- chart: scatter x=level y=health
SELECT
  user_id,
  -- Potions carry neither level, attack nor defence: who only drank stands at 0, not at nothing.
  COALESCE(SUM(level), 0) AS level,
  COALESCE(SUM(attack), 0) AS attack,
  COALESCE(SUM(defence), 0) AS defence,
  COALESCE(SUM(health), 0) AS health
FROM lake.game.character_stats
GROUP BY user_id
ORDER BY level DESC, attack DESC, defence DESC, health DESC, user_id;
