-- App performance
-- question: How many different devices viewed and downloaded each app, and how many downloads were there for one view?
-- chart: bar x=app_id y=downloads_per_view
-- param: month = ''  Month, yyyy-MM; empty: all months
-- param: country = ''  Country of two letters, as in IN; empty: all countries
WITH counted AS (
  SELECT
    app_id,
    COUNT(DISTINCT IF(action = 'app_view', device_id)) AS devices_viewed,
    COUNT(DISTINCT IF(action = 'download', device_id)) AS devices_downloaded,
    COUNT_IF(action = 'app_view') AS views,
    COUNT_IF(action = 'download') AS downloads
  FROM lake.ads.store_events
  WHERE
    app_id IS NOT NULL AND action IN ('app_view', 'download')
    AND ('${month}' = '' OR date_format(event_day, '%Y-%m') = '${month}')
    AND ('${country}' = '' OR country = '${country}')
  GROUP BY 1
)
SELECT
  app_id,
  devices_viewed,
  devices_downloaded,
  views,
  downloads,
  CAST(CAST(downloads AS decimal(18, 4)) / NULLIF(views, 0) AS decimal(18, 4)) AS downloads_per_view
FROM counted
ORDER BY downloads DESC, views DESC, app_id;
