-- Monthly active devices, live
-- question: How many different devices were seen, and how many active, in each month by country, as counted while the events come?
-- chart: bar x=event_month y=active_devices color=country
-- param: month = ''  Month, yyyy-MM; empty: all months
-- param: country = ''  Country of two letters, as in IN; empty: all countries
SELECT event_month, country, devices, active_devices
FROM lake.ads.monthly_active_live
WHERE ('${month}' = '' OR event_month = '${month}') AND ('${country}' = '' OR country = '${country}')
ORDER BY 1, 2;
