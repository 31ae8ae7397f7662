-- Minutes by category
-- question: Which categories of apps are downloaded, by how many users, and how long are they used?
-- chart: bar x=category y=minutes
-- param: month = ''  Month of the download, yyyy-MM; empty: all
SELECT
  COALESCE(a.category, 'unknown') AS category,
  COUNT(DISTINCT m.app_key) AS apps,
  COUNT(DISTINCT m.user_id) AS users,
  COUNT(*) AS downloads,
  SUM(m.minutes) AS minutes,
  CAST(CAST(SUM(m.minutes) AS DECIMAL(18, 2)) / COUNT(*) AS DECIMAL(18, 2)) AS minutes_per_download
FROM lake.apps.usage_minutes AS m
LEFT JOIN lake.apps.apps AS a ON a.listing_key = m.listing_key
WHERE '${month}' = '' OR m.download_month = '${month}'
GROUP BY 1
ORDER BY minutes DESC, category;
