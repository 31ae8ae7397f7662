-- Daily active devices
-- question: How many different devices were seen, and how many active, on each day by country? Active: click or close of an ad; view, open or download of an app.
-- chart: line x=event_day y=active_devices color=country
-- param: month = ''  Month, yyyy-MM; empty: all months
-- param: country = ''  Country of two letters, as in IN; empty: all countries
WITH seen AS (
  SELECT event_day, country, device_id, action IN ('close', 'click') AS active FROM lake.ads.ad_events
  UNION ALL
  SELECT event_day, country, device_id, action IN ('app_view', 'open', 'download') AS active FROM lake.ads.store_events
)
SELECT
  event_day,
  country,
  COUNT(DISTINCT device_id) AS devices,
  COUNT(DISTINCT IF(active, device_id)) AS active_devices
FROM seen
WHERE ('${month}' = '' OR date_format(event_day, '%Y-%m') = '${month}')
  AND ('${country}' = '' OR country = '${country}')
GROUP BY 1, 2
ORDER BY 1, 2;
