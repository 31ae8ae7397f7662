-- Sword types
-- question: Which twenty types of sword sell best, to how many players, and for how much?
-- chart: bar x=sword_type y=amount
SELECT
  sword_type,
  SUM(amount) AS amount,
  COUNT(DISTINCT user_id) AS buyers,
  SUM(CAST(amount AS BIGINT) * price) AS spent
FROM lake.game.purchases
WHERE event_type = 'purchase_sword'
GROUP BY sword_type
ORDER BY amount DESC, sword_type
LIMIT 20;
