-- Apps by name
-- question: Which apps have a name? Without one: which names stand for several apps?
-- param: name = ''  An app's name, as in its listing; empty: names of more than one app
WITH named AS (
  SELECT app_key, MIN(app) AS app, MIN(category) AS category, MIN(app_type) AS app_type
  FROM lake.apps.apps
  GROUP BY 1
),
counted AS (
  SELECT *, COUNT(*) OVER (PARTITION BY app) AS apps_of_the_name
  FROM named
),
used AS (
  SELECT app_key, COUNT(*) AS downloads, SUM(minutes) AS minutes
  FROM lake.apps.usage_minutes
  GROUP BY 1
)
SELECT c.app, c.category, c.app_type, u.downloads, u.minutes, c.app_key
FROM counted AS c
JOIN used AS u ON u.app_key = c.app_key
WHERE c.app = '${name}' OR ('${name}' = '' AND c.apps_of_the_name > 1)
ORDER BY c.app, c.category, c.app_type, c.app_key;
