-- Minutes by place
-- question: Where do users live who download apps, and how long do they use them?
-- chart: bar x=place y=minutes
-- param: month = ''  Month of the download, yyyy-MM; empty: all
-- param: category = ''  Category of the app, such as GAME; empty: all
SELECT
  COALESCE(u.user_location, 'unknown') AS place,
  COUNT(DISTINCT m.user_id) AS users,
  COUNT(*) AS downloads,
  SUM(m.minutes) AS minutes,
  CAST(CAST(SUM(m.minutes) AS DECIMAL(18, 2)) / COUNT(*) AS DECIMAL(18, 2)) AS minutes_per_download
FROM lake.apps.usage_minutes AS m
-- The place at the time: who moved counts in both.
LEFT JOIN lake.apps.users AS u ON u.user_key = m.user_key
LEFT JOIN lake.apps.apps AS a ON a.listing_key = m.listing_key
WHERE
  ('${month}' = '' OR m.download_month = '${month}')
  AND ('${category}' = '' OR a.category = '${category}')
GROUP BY 1
ORDER BY minutes DESC, place;
