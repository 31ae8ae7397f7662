-- Minutes by month
-- question: How do downloads and minutes change from month to month?
-- chart: line x=download_month y=minutes
-- param: category = ''  Category of the app, such as GAME; empty: all
SELECT
  m.download_month,
  COUNT(DISTINCT m.user_id) AS users,
  COUNT(*) AS downloads,
  SUM(m.minutes) AS minutes,
  CAST(CAST(SUM(m.minutes) AS DECIMAL(18, 2)) / COUNT(*) AS DECIMAL(18, 2)) AS minutes_per_download
FROM lake.apps.usage_minutes AS m
LEFT JOIN lake.apps.apps AS a ON a.listing_key = m.listing_key
WHERE '${category}' = '' OR a.category = '${category}'
GROUP BY 1
ORDER BY download_month;
