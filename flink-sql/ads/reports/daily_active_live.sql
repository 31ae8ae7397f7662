-- Daily active devices, live
-- question: How many different devices were seen, and how many active, on each day by country, as counted while the events come?
-- chart: line x=event_day y=active_devices color=country
-- param: month = ''  Month, yyyy-MM; empty: all months
-- param: country = ''  Country of two letters, as in IN; empty: all countries
SELECT event_day, country, devices, active_devices
FROM lake.ads.daily_active_live
WHERE ('${month}' = '' OR date_format(event_day, '%Y-%m') = '${month}')
  AND ('${country}' = '' OR country = '${country}')
ORDER BY 1, 2;
