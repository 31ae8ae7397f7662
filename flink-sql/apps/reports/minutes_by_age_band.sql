-- Minutes by age band
-- question: How many apps do users of each age download, and how long do they use them?
-- chart: bar x=age_band y=minutes
-- param: month = ''  Month of the download, yyyy-MM; empty: all
-- param: category = ''  Category of the app, such as GAME; empty: all
SELECT
  COALESCE(u.age_band, 'unknown') AS age_band,
  COUNT(DISTINCT m.user_id) AS users,
  COUNT(*) AS downloads,
  SUM(m.minutes) AS minutes,
  CAST(CAST(SUM(m.minutes) AS DECIMAL(18, 2)) / COUNT(*) AS DECIMAL(18, 2)) AS minutes_per_download
FROM lake.apps.usage_minutes AS m
-- The age at the time: a fact names the version of its user. LEFT: no fact is left out of a sum.
LEFT JOIN lake.apps.users AS u ON u.user_key = m.user_key
LEFT JOIN lake.apps.apps AS a ON a.listing_key = m.listing_key
WHERE
  ('${month}' = '' OR m.download_month = '${month}')
  AND ('${category}' = '' OR a.category = '${category}')
GROUP BY 1
ORDER BY age_band;
