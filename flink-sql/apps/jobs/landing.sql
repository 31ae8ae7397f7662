-- Every accepted event is one row of the facts, and the row of its user's version, its listing's version and its
-- day in the dimensions. Those have one row per key, and rows of one key say the same: whichever event comes last,
-- from whichever partition, late or in an old day's batch, nothing else changes.
EXECUTE STATEMENT SET BEGIN

INSERT INTO usage_minutes
SELECT
  event_id, event_time, received_at, user_agent,
  user_id, user_key, app_key, listing_key,
  download_date, DATE_FORMAT(CAST(download_date AS TIMESTAMP(3)), 'yyyy-MM') AS download_month, minutes,
  kafka_partition, kafka_offset
FROM `usage`;

INSERT INTO users
SELECT
  event_id, event_time,
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
  user_location,
  kafka_partition, kafka_offset
FROM `usage`;

INSERT INTO apps
SELECT
  event_id, event_time,
  listing_key, app_key, app, category,
  COALESCE(app_type, CASE WHEN price > 0 THEN 'Paid' ELSE 'Free' END) AS app_type,
  rating, reviews, size_bytes, installs, price, content_rating, genres, last_updated, current_ver, android_ver,
  kafka_partition, kafka_offset
FROM `usage`;

INSERT INTO download_dates
SELECT
  event_id, event_time,
  download_date,
  CAST(EXTRACT(YEAR FROM download_date) AS INT) AS download_year,
  CAST(EXTRACT(QUARTER FROM download_date) AS INT) AS quarter_number,
  DATE_FORMAT(CAST(download_date AS TIMESTAMP(3)), 'yyyy-MM') AS download_month,
  CAST(EXTRACT(WEEK FROM download_date) AS INT) AS iso_week,
  -- 1 is Monday, as ISO 8601 has it; Flink counts from Sunday.
  CAST(MOD(DAYOFWEEK(download_date) + 5, 7) + 1 AS INT) AS weekday,
  DATE_FORMAT(CAST(download_date AS TIMESTAMP(3)), 'EEEE') AS weekday_name,
  DAYOFWEEK(download_date) IN (1, 7) AS is_weekend,
  kafka_partition, kafka_offset
FROM `usage`;

END;
