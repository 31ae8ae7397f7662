-- Median rating by category
-- question: What is the median rating of the apps of each category, by each app's latest listing?
-- chart: bar x=category y=median_rating
WITH seen AS (
  SELECT listing_key, app_key, MAX(download_date) AS last_seen
  FROM lake.apps.usage_minutes
  GROUP BY 1, 2
),
latest AS (
  SELECT
    app_key,
    listing_key,
    -- Two listings of one day: the greater key, so that the answer is one.
    ROW_NUMBER() OVER (PARTITION BY app_key ORDER BY last_seen DESC, listing_key DESC) AS recency
  FROM seen
),
rated AS (
  SELECT
    a.category,
    COUNT(*) AS apps,
    -- An app without a rating has none: it is counted as an app, and is no part of the median.
    ARRAY_AGG(a.rating ORDER BY a.rating) FILTER (WHERE a.rating IS NOT NULL) AS ratings
  FROM latest AS l
  JOIN lake.apps.apps AS a ON a.listing_key = l.listing_key
  WHERE l.recency = 1
  GROUP BY 1
)
SELECT
  category,
  apps,
  COALESCE(CARDINALITY(ratings), 0) AS rated_apps,
  -- The middle one, or the mean of the two in the middle: exact, where APPROX_PERCENTILE is not.
  CAST(
    (
      CAST(ELEMENT_AT(ratings, (CARDINALITY(ratings) + 1) / 2) AS DECIMAL(18, 2))
      + CAST(ELEMENT_AT(ratings, CARDINALITY(ratings) / 2 + 1) AS DECIMAL(18, 2))
    ) / 2 AS DECIMAL(4, 2)
  ) AS median_rating
FROM rated
ORDER BY median_rating DESC NULLS LAST, category;
