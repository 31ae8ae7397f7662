-- What cleaning did
-- question: Of the rows that came in each stream, how many landed, were duplicates, or were quarantined for which reason and field?
-- chart: bar x=step y=events color=stream
WITH refused AS (
  SELECT
    CASE
      WHEN topic = 'ad_stream' OR event_type = 'ad_action' THEN 'ad_stream'
      WHEN topic = 'store_stream' OR event_type = 'store_action' THEN 'store_stream'
      ELSE 'neither'
    END AS stream,
    reason,
    COALESCE(field_path, '') AS field,
    stage
  FROM lake.ads.quarantine
),
landed AS (
  SELECT 'ad_stream' AS stream, COUNT(*) AS events, COUNT_IF(ad_id IS NULL) AS unknown FROM lake.ads.ad_events
  UNION ALL
  SELECT 'store_stream' AS stream, COUNT(*) AS events, COUNT_IF(app_id IS NULL) AS unknown FROM lake.ads.store_events
),
accepted AS (
  SELECT topic AS stream, COUNT(*) AS events FROM lake.ads.log GROUP BY 1
),
poison AS (
  SELECT stream, COUNT(*) AS events FROM refused WHERE stage = 'flink' GROUP BY 1
),
steps AS (
  SELECT 1 AS place, 'came' AS step, '' AS reason, '' AS field, stream, SUM(events) AS events
  FROM (
    SELECT stream, events FROM accepted
    UNION ALL
    SELECT stream, COUNT(*) AS events FROM refused WHERE stage = 'edge' GROUP BY 1
  )
  GROUP BY stream
  UNION ALL
  SELECT 2 AS place, 'quarantined' AS step, reason, field, stream, COUNT(*) AS events
  FROM refused
  GROUP BY reason, field, stream
  UNION ALL
  SELECT 3 AS place, 'duplicates' AS step, '' AS reason, '' AS field, stream,
    accepted.events - COALESCE(poison.events, 0) - landed.events AS events
  FROM accepted
  JOIN landed USING (stream)
  LEFT JOIN poison USING (stream)
  UNION ALL
  SELECT 4 AS place, 'landed' AS step, '' AS reason, '' AS field, stream, events FROM landed
  UNION ALL
  SELECT
    5 AS place, 'landed without ad or app' AS step, '' AS reason, '' AS field, stream, unknown AS events
  FROM landed
)
SELECT stream, step, reason, field, events
FROM steps
ORDER BY stream, place, reason, field;
