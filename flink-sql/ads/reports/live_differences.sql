-- Where live counts differ
-- question: On which day or in which month do the counts made while events come differ from the exact ones? None, once all events have landed.
-- chart: bar x=period y=devices color=country
WITH seen AS (
  SELECT event_day, country, device_id, action IN ('close', 'click') AS active FROM lake.ads.ad_events
  UNION ALL
  SELECT event_day, country, device_id, action IN ('app_view', 'open', 'download') AS active FROM lake.ads.store_events
),
exact AS (
  SELECT
    'day' AS unit,
    CAST(event_day AS varchar) AS period,
    country,
    COUNT(DISTINCT device_id) AS devices,
    COUNT(DISTINCT IF(active, device_id)) AS active_devices
  FROM seen
  GROUP BY 1, 2, 3
  UNION ALL
  SELECT
    'month' AS unit,
    date_format(event_day, '%Y-%m') AS period,
    country,
    COUNT(DISTINCT device_id) AS devices,
    COUNT(DISTINCT IF(active, device_id)) AS active_devices
  FROM seen
  GROUP BY 1, 2, 3
),
live AS (
  SELECT 'day' AS unit, CAST(event_day AS varchar) AS period, country, devices, active_devices
  FROM lake.ads.daily_active_live
  UNION ALL
  SELECT 'month' AS unit, event_month AS period, country, devices, active_devices
  FROM lake.ads.monthly_active_live
)
SELECT
  unit,
  period,
  country,
  exact.devices,
  live.devices AS live_devices,
  exact.active_devices,
  live.active_devices AS live_active_devices
FROM exact
FULL JOIN live USING (unit, period, country)
WHERE exact.devices IS DISTINCT FROM live.devices OR exact.active_devices IS DISTINCT FROM live.active_devices
ORDER BY 1, 2, 3;
