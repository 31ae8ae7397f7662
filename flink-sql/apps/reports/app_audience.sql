-- An app's audience
-- question: Who uses an app, how long, and how much of their time in its category does it have?
-- chart: bar x=group_value y=minutes
-- param: app_key = ''  Which app, as in the report apps_by_name; empty: the one with the most minutes
-- param: by = age_band  What to group its users by: age_band or place
WITH chosen AS (
  SELECT app_key
  FROM lake.apps.usage_minutes
  WHERE '${app_key}' = '' OR app_key = '${app_key}'
  GROUP BY app_key
  ORDER BY SUM(minutes) DESC, app_key
  LIMIT 1
),
its_users AS (
  SELECT DISTINCT user_id
  FROM lake.apps.usage_minutes
  WHERE app_key IN (SELECT app_key FROM chosen)
),
its_category AS (
  SELECT DISTINCT category
  FROM lake.apps.apps
  WHERE app_key IN (SELECT app_key FROM chosen)
),
-- All that its users do in its category, each row with the group of its user at the time.
in_category AS (
  SELECT
    IF('${by}' = 'place', COALESCE(u.user_location, 'unknown'), COALESCE(u.age_band, 'unknown')) AS group_value,
    m.user_id,
    m.minutes,
    m.app_key IN (SELECT app_key FROM chosen) AS is_chosen
  FROM lake.apps.usage_minutes AS m
  LEFT JOIN lake.apps.users AS u ON u.user_key = m.user_key
  JOIN lake.apps.apps AS a ON a.listing_key = m.listing_key
  WHERE
    m.user_id IN (SELECT user_id FROM its_users)
    AND a.category IN (SELECT category FROM its_category)
)
SELECT
  group_value,
  COUNT(DISTINCT user_id) FILTER (WHERE is_chosen) AS users,
  COUNT(*) FILTER (WHERE is_chosen) AS downloads,
  SUM(IF(is_chosen, minutes, 0)) AS minutes,
  SUM(minutes) AS minutes_in_category,
  CAST(
    CAST(SUM(IF(is_chosen, minutes, 0)) AS DECIMAL(18, 4)) / NULLIF(SUM(minutes), 0) AS DECIMAL(18, 4)
  ) AS share_of_category
FROM in_category
GROUP BY 1
HAVING COUNT(*) FILTER (WHERE is_chosen) > 0
ORDER BY minutes DESC, group_value;
