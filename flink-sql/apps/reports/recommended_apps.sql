-- Recommended apps
-- question: Which apps that a user lacks do those use who share apps with the user?
-- chart: bar x=app y=similar_users
-- param: user_id = ''  Who is advised; empty: who spent the most minutes
WITH chosen AS (
  SELECT user_id
  FROM lake.apps.usage_minutes
  WHERE '${user_id}' = '' OR CAST(user_id AS VARCHAR) = '${user_id}'
  GROUP BY user_id
  ORDER BY SUM(minutes) DESC, user_id
  LIMIT 1
),
owned AS (
  SELECT user_id, app_key, SUM(minutes) AS minutes
  FROM lake.apps.usage_minutes
  GROUP BY 1, 2
),
had AS (
  SELECT app_key FROM owned WHERE user_id IN (SELECT user_id FROM chosen)
),
-- A similar user has at least one app that the user has.
similar_users AS (
  SELECT DISTINCT user_id
  FROM owned
  WHERE
    app_key IN (SELECT app_key FROM had)
    AND user_id NOT IN (SELECT user_id FROM chosen)
),
names AS (
  SELECT app_key, MIN(app) AS app, MIN(category) AS category, MIN(app_type) AS app_type
  FROM lake.apps.apps
  GROUP BY 1
),
-- How many of them use an app that the user lacks, then how long.
ranked AS (
  SELECT app_key, COUNT(*) AS similar_users, SUM(minutes) AS minutes
  FROM owned
  WHERE
    user_id IN (SELECT user_id FROM similar_users)
    AND app_key NOT IN (SELECT app_key FROM had)
  GROUP BY 1
)
SELECT n.app, n.category, n.app_type, r.similar_users, r.minutes, r.app_key
FROM ranked AS r
LEFT JOIN names AS n ON n.app_key = r.app_key
ORDER BY r.similar_users DESC, r.minutes DESC, r.app_key
LIMIT 20;
