-- Free and paid apps
-- question: Are paid apps used longer than free ones, and what was spent on them at the price of the day?
-- chart: bar x=app_type y=minutes_per_download
SELECT
  COALESCE(a.app_type, 'unknown') AS app_type,
  COUNT(DISTINCT m.app_key) AS apps,
  COUNT(DISTINCT m.user_id) AS users,
  COUNT(*) AS downloads,
  SUM(m.minutes) AS minutes,
  CAST(CAST(SUM(m.minutes) AS DECIMAL(18, 2)) / COUNT(*) AS DECIMAL(18, 2)) AS minutes_per_download,
  COALESCE(SUM(a.price), 0) AS spent
FROM lake.apps.usage_minutes AS m
LEFT JOIN lake.apps.apps AS a ON a.listing_key = m.listing_key
GROUP BY 1
ORDER BY app_type;
