-- Amount bought by event type
-- question: How many swords, shields and potions were bought, and what was spent on them?
-- chart: bar x=event_type y=amount
SELECT
  event_type,
  COUNT(*) AS purchases,
  SUM(amount) AS amount,
  -- An INTEGER would overflow where one purchase of a million items has a price of a million.
  SUM(CAST(amount AS BIGINT) * price) AS spent
FROM lake.game.purchases
GROUP BY event_type
ORDER BY amount DESC, event_type;
