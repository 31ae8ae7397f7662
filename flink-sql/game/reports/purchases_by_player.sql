-- Purchases by player
-- question: What has each player bought, and who spends the most?
-- chart: bar x=user_id y=spent
SELECT
  user_id,
  COALESCE(SUM(amount) FILTER (WHERE event_type = 'purchase_sword'), 0) AS swords,
  COALESCE(SUM(amount) FILTER (WHERE event_type = 'purchase_shield'), 0) AS shields,
  COALESCE(SUM(amount) FILTER (WHERE event_type = 'purchase_potion'), 0) AS potions,
  SUM(CAST(amount AS BIGINT) * price) AS spent
FROM lake.game.purchases
GROUP BY user_id
ORDER BY spent DESC, user_id;
