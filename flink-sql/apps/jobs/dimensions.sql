-- Each version of a user and of a listing, and each day, is written once: the first event that shows it. The order
-- of events is no matter, since equal keys have equal rows: what the state forgot is written again as it was.
-- A job of its own: it keeps state, and a change of it must not hold up the facts.
EXECUTE STATEMENT SET BEGIN

INSERT INTO users
SELECT
  user_key, user_id, user_name, age,
  CASE
    WHEN age IS NULL THEN 'unknown'
    WHEN age < 18 THEN '0-17'
    WHEN age < 25 THEN '18-24'
    WHEN age < 35 THEN '25-34'
    WHEN age < 45 THEN '35-44'
    WHEN age < 55 THEN '45-54'
    WHEN age < 65 THEN '55-64'
    ELSE '65+'
  END AS age_band,
  user_location
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY user_key ORDER BY seen) AS copy
  FROM (SELECT *, PROCTIME() AS seen FROM `usage`)
)
WHERE copy = 1;

INSERT INTO apps
SELECT
  listing_key, app_key, app, category,
  COALESCE(app_type, CASE WHEN price > 0 THEN 'Paid' ELSE 'Free' END) AS app_type,
  rating, reviews, size_bytes, installs, price, content_rating, genres, last_updated, current_ver, android_ver
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY listing_key ORDER BY seen) AS copy
  FROM (SELECT *, PROCTIME() AS seen FROM `usage`)
)
WHERE copy = 1;

INSERT INTO download_dates
SELECT
  download_date,
  CAST(EXTRACT(YEAR FROM download_date) AS INT) AS download_year,
  CAST(EXTRACT(QUARTER FROM download_date) AS INT) AS quarter_number,
  DATE_FORMAT(CAST(download_date AS TIMESTAMP(3)), 'yyyy-MM') AS download_month,
  CAST(EXTRACT(WEEK FROM download_date) AS INT) AS iso_week,
  -- 1 is Monday, as ISO 8601 has it; Flink counts from Sunday.
  CAST(MOD(DAYOFWEEK(download_date) + 5, 7) + 1 AS INT) AS weekday,
  DATE_FORMAT(CAST(download_date AS TIMESTAMP(3)), 'EEEE') AS weekday_name,
  DAYOFWEEK(download_date) IN (1, 7) AS is_weekend
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY download_date ORDER BY seen) AS copy
  FROM (SELECT *, PROCTIME() AS seen FROM `usage`)
)
WHERE copy = 1;

END;
