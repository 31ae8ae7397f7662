-- Ad performance
-- question: To how many different devices was each ad displayed by country and month, and how many of them clicked it? No rate where it was clicked but never displayed.
-- chart: scatter x=displayed y=clicked color=country
-- param: month = ''  Month, yyyy-MM; empty: all months
-- param: country = ''  Country of two letters, as in IN; empty: all countries
WITH counted AS (
  SELECT
    date_format(event_day, '%Y-%m') AS event_month,
    country,
    ad_id,
    COUNT(DISTINCT IF(action = 'display', device_id)) AS displayed,
    COUNT(DISTINCT IF(action = 'click', device_id)) AS clicked
  FROM lake.ads.ad_events
  -- What has no ad is counted by the report cleaning.
  WHERE ad_id IS NOT NULL AND action IN ('display', 'click')
  GROUP BY 1, 2, 3
)
SELECT
  event_month,
  country,
  ad_id,
  displayed,
  clicked,
  CAST(CAST(clicked AS decimal(18, 4)) / NULLIF(displayed, 0) AS decimal(18, 4)) AS click_through_rate
FROM counted
WHERE ('${month}' = '' OR event_month = '${month}') AND ('${country}' = '' OR country = '${country}')
ORDER BY event_month, clicked DESC, displayed DESC, country, ad_id;
