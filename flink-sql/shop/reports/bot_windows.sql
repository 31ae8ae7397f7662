-- Windows in which bots acted
-- question: Who acted more often than a person does, when, and how often?
-- param: day = ''  Day, yyyy-MM-dd; empty for all
-- param: user = ''  user_id; empty for all
SELECT
  user_id,
  window_start,
  window_end,
  actions,
  first_action,
  last_action
FROM lake.shop.bot_alerts
WHERE ('${day}' = '' OR CAST(window_start AS DATE) = CAST(NULLIF('${day}', '') AS DATE))
  AND ('${user}' = '' OR user_id = CAST(NULLIF('${user}', '') AS BIGINT))
ORDER BY window_start, user_id;
