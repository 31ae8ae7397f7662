-- One user's apps
-- question: Which apps did one user download, when first, and how long were they used?
-- chart: bar x=app y=minutes
-- param: user_id = ''  Whose apps; empty: who spent the most minutes
-- param: month = ''  Month of the download, yyyy-MM; empty: all
WITH chosen AS (
  SELECT user_id
  FROM lake.apps.usage_minutes
  WHERE '${user_id}' = '' OR CAST(user_id AS VARCHAR) = '${user_id}'
  GROUP BY user_id
  ORDER BY SUM(minutes) DESC, user_id
  LIMIT 1
),
names AS (
  SELECT app_key, MIN(app) AS app, MIN(category) AS category, MIN(app_type) AS app_type
  FROM lake.apps.apps
  GROUP BY 1
)
SELECT
  m.user_id,
  n.app,
  n.category,
  n.app_type,
  CAST(MIN(m.download_date) AS VARCHAR) AS first_download,
  COUNT(*) AS downloads,
  SUM(m.minutes) AS minutes,
  m.app_key
FROM lake.apps.usage_minutes AS m
LEFT JOIN names AS n ON n.app_key = m.app_key
WHERE
  m.user_id IN (SELECT user_id FROM chosen)
  AND ('${month}' = '' OR m.download_month = '${month}')
GROUP BY m.user_id, n.app, n.category, n.app_type, m.app_key
ORDER BY minutes DESC, m.app_key;
