-- Minutes by weekday
-- question: On which days of the week are apps downloaded, and how much is that on one such day?
-- chart: bar x=weekday_name y=minutes_per_day
-- param: month = ''  Month of the download, yyyy-MM; empty: all
SELECT
  d.weekday,
  d.weekday_name,
  COUNT(DISTINCT m.download_date) AS days,
  COUNT(*) AS downloads,
  SUM(m.minutes) AS minutes,
  CAST(
    CAST(SUM(m.minutes) AS DECIMAL(18, 2)) / COUNT(DISTINCT m.download_date) AS DECIMAL(18, 2)
  ) AS minutes_per_day
FROM lake.apps.usage_minutes AS m
LEFT JOIN lake.apps.download_dates AS d ON d.download_date = m.download_date
WHERE '${month}' = '' OR m.download_month = '${month}'
GROUP BY 1, 2
ORDER BY weekday;
