// The changes of docs/state.md: a job's SQL before and after, by what it keeps in state.

/** A table that a job writes: its columns, and by which of them a later row replaces an earlier one. */
export interface Out {
  columns: string;
  /** Absent: rows are only added. */
  key?: string[];
}

export interface JobSql {
  inserts: string[];
  outs: Record<string, Out>;
  /** Of the session. */
  settings?: Record<string, string>;
  /** Text to replace in the statements before, as pairs. */
  sources?: [string, string][];
}

export interface Change {
  /** What changed, in a person's words. */
  what: string;
  after: JobSql;
}

export interface Base {
  name: string;
  /** The job in a few words. */
  about: string;
  before: JobSql;
  changes: Change[];
}

const day = { "table.exec.state.ttl": "1 d" };

/** The statements before: the same sources and views for all, as the engine derives them from a contract. */
export const sourceStatements = (
  topic: (name: string) => string,
  kafka: string,
  bounded: boolean,
): string[] => {
  const options = (name: string) =>
    `WITH ('connector' = 'kafka', 'topic' = '${topic(name)}', 'properties.bootstrap.servers' = '${kafka}', ` +
    "'properties.group.id' = 'GROUP', 'properties.auto.offset.reset' = 'earliest', " +
    `'scan.startup.mode' = 'earliest-offset', ${bounded ? "'scan.bounded.mode' = 'latest-offset', " : ""}` +
    "'format' = 'json', 'json.ignore-parse-errors' = 'true', 'json.timestamp-format.standard' = 'ISO-8601')";
  return [
    `CREATE TEMPORARY TABLE clicks_records (event_id STRING, user_id STRING, country STRING, amount BIGINT, price BIGINT, event_time TIMESTAMP_LTZ(3), arrived AS PROCTIME(), WATERMARK FOR event_time AS event_time - INTERVAL '1' SECOND) ${options("clicks")}`,
    `CREATE TEMPORARY TABLE users_records (event_id STRING, user_id STRING, country STRING, tier STRING, arrived AS PROCTIME()) ${options("users")}`,
    "CREATE TEMPORARY VIEW clicks AS SELECT event_id, user_id, country, amount, price, event_time, arrived FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY arrived) AS copy FROM clicks_records WHERE event_id IS NOT NULL) WHERE copy = 1",
    "CREATE TEMPORARY VIEW users AS SELECT event_id, user_id, country, tier FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY arrived) AS copy FROM users_records WHERE event_id IS NOT NULL) WHERE copy = 1",
  ];
};

const rows: Out = { columns: "event_id STRING, v BIGINT" };
const counts: Out = { columns: "k STRING, n BIGINT", key: ["k"] };

const landing = "INSERT INTO rows_out SELECT event_id, amount FROM clicks WHERE amount > 10";
const counting = "INSERT INTO counts_out SELECT user_id, COUNT(*) FROM clicks GROUP BY user_id";
const windows =
  "INSERT INTO windows_out SELECT country, CAST(window_end AS STRING), COUNT(*) FROM TABLE(TUMBLE(TABLE clicks_records, DESCRIPTOR(event_time), INTERVAL '10' SECOND)) GROUP BY country, window_start, window_end";
const joined =
  "INSERT INTO joined_out SELECT c.event_id, u.tier FROM clicks c JOIN users u ON c.user_id = u.user_id";
const top =
  "INSERT INTO top_out SELECT user_id, place, amount FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY amount DESC, event_id) AS place FROM clicks) WHERE place <= 2";
const latest =
  "INSERT INTO latest_out SELECT user_id, amount FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY arrived DESC) AS place FROM clicks) WHERE place = 1";

const one = (table: string, out: Out, sql: string, more: Partial<JobSql> = {}): JobSql => ({
  inserts: [sql],
  outs: { [table]: out },
  settings: day,
  ...more,
});
const rowsJob = (sql: string, more?: Partial<JobSql>) => one("rows_out", rows, sql, more);
const countsJob = (sql: string, more?: Partial<JobSql>) => one("counts_out", counts, sql, more);
const windowsOut: Out = { columns: "k STRING, until STRING, n BIGINT" };
const windowsJob = (sql: string) => one("windows_out", windowsOut, sql);
const joinedOut: Out = { columns: "event_id STRING, tier STRING" };
const joinedJob = (sql: string, out = joinedOut) => one("joined_out", out, sql);
const topJob = (sql: string) =>
  one("top_out", { columns: "k STRING, place BIGINT, v BIGINT", key: ["k", "place"] }, sql);
const latestJob = (sql: string) => one("latest_out", counts, sql);
const bothJob: JobSql = {
  inserts: [landing, counting],
  outs: { rows_out: rows, counts_out: counts },
  settings: day,
};

export const bases: Base[] = [
  {
    name: "rows",
    about: "each event once, filtered: keeps event ids",
    before: rowsJob(landing),
    changes: [
      { what: "nothing", after: rowsJob(landing) },
      { what: "filter", after: rowsJob(landing.replace("> 10", "> 20")) },
      {
        what: "expression in the SELECT",
        after: rowsJob(landing.replace("event_id, amount", "event_id, amount * 2")),
      },
      {
        what: "column added to the table",
        after: one(
          "rows_out",
          { columns: `${rows.columns}, w STRING` },
          landing.replace("event_id, amount", "event_id, amount, country"),
        ),
      },
      {
        what: "sink added",
        after: {
          inserts: [landing, "INSERT INTO more_out SELECT event_id, price FROM clicks WHERE amount <= 10"],
          outs: { rows_out: rows, more_out: rows },
          settings: day,
        },
      },
      {
        what: "source column added",
        after: rowsJob(landing, {
          sources: [["event_id STRING, user_id", "event_id STRING, extra STRING, user_id"]],
        }),
      },
      {
        what: "rule of validity (before the de-duplication)",
        after: rowsJob(landing, {
          sources: [
            [
              "FROM clicks_records WHERE event_id IS NOT NULL",
              "FROM clicks_records WHERE event_id IS NOT NULL AND amount >= 0",
            ],
          ],
        }),
      },
      {
        what: "de-duplication key",
        after: rowsJob(landing, { sources: [["PARTITION BY event_id", "PARTITION BY user_id"]] }),
      },
      { what: "TTL longer", after: rowsJob(landing, { settings: { "table.exec.state.ttl": "2 d" } }) },
      { what: "TTL off", after: rowsJob(landing, { settings: { "table.exec.state.ttl": "0 ms" } }) },
      { what: "parallelism", after: rowsJob(landing, { settings: { ...day, "parallelism.default": "2" } }) },
    ],
  },
  {
    name: "counts",
    about: "COUNT(*) GROUP BY user_id",
    before: countsJob(counting),
    changes: [
      { what: "nothing", after: countsJob(counting) },
      { what: "alias", after: countsJob(counting.replace("COUNT(*)", "COUNT(*) AS many")) },
      { what: "expression of the result", after: countsJob(counting.replace("COUNT(*)", "COUNT(*) * 10")) },
      { what: "HAVING added", after: countsJob(`${counting} HAVING COUNT(*) > 3`) },
      {
        what: "sink added",
        after: {
          inserts: [counting, "INSERT INTO rows_out SELECT event_id, price FROM clicks WHERE amount > 30"],
          outs: { counts_out: counts, rows_out: rows },
          settings: day,
        },
      },
      { what: "GROUP BY another column", after: countsJob(counting.replaceAll("user_id", "country")) },
      {
        what: "GROUP BY an expression",
        after: countsJob(
          counting
            .replace("SELECT user_id", "SELECT UPPER(user_id)")
            .replace("BY user_id", "BY UPPER(user_id)"),
        ),
      },
      { what: "COUNT(*) to SUM(amount)", after: countsJob(counting.replace("COUNT(*)", "SUM(amount)")) },
      {
        what: "COUNT(DISTINCT country) instead",
        after: countsJob(counting.replace("COUNT(*)", "COUNT(DISTINCT country)")),
      },
      {
        what: "aggregate with a FILTER",
        after: countsJob(counting.replace("COUNT(*)", "COUNT(*) FILTER (WHERE amount > 20)")),
      },
      {
        what: "aggregate added",
        after: one(
          "counts_out",
          { columns: "k STRING, n BIGINT, m BIGINT", key: ["k"] },
          counting.replace("COUNT(*)", "COUNT(*), MAX(amount)"),
        ),
      },
      {
        what: "filter before the aggregate",
        after: countsJob(counting.replace("FROM clicks", "FROM clicks WHERE amount > 20")),
      },
      {
        what: "source column added",
        after: countsJob(counting, {
          sources: [["event_id STRING, user_id", "event_id STRING, extra STRING, user_id"]],
        }),
      },
      { what: "TTL shorter", after: countsJob(counting, { settings: { "table.exec.state.ttl": "12 h" } }) },
      { what: "TTL longer", after: countsJob(counting, { settings: { "table.exec.state.ttl": "2 d" } }) },
    ],
  },
  {
    name: "windows",
    about: "TUMBLE of 10 s by country, on a watermark",
    before: windowsJob(windows),
    changes: [
      { what: "filter after the window", after: windowsJob(`${windows} HAVING COUNT(*) > 1`) },
      { what: "window size", after: windowsJob(windows.replace("'10'", "'20'")) },
      {
        what: "window type",
        after: windowsJob(
          windows
            .replace("TUMBLE(", "HOP(")
            .replace("INTERVAL '10' SECOND", "INTERVAL '5' SECOND, INTERVAL '10' SECOND"),
        ),
      },
      { what: "window key", after: windowsJob(windows.replaceAll("country", "user_id")) },
      {
        what: "delay of the watermark",
        after: { ...windowsJob(windows), sources: [["INTERVAL '1' SECOND", "INTERVAL '3' SECOND"]] },
      },
    ],
  },
  {
    name: "join",
    about: "clicks JOIN users ON user_id",
    before: joinedJob(joined),
    changes: [
      { what: "expression after the join", after: joinedJob(joined.replace("u.tier", "UPPER(u.tier)")) },
      { what: "condition added to the join", after: joinedJob(`${joined} AND c.event_id <> u.tier`) },
      {
        what: "join key",
        after: joinedJob(joined.replace("c.user_id = u.user_id", "c.country = u.country")),
      },
      {
        what: "join type",
        after: joinedJob(joined.replace(" JOIN", " LEFT JOIN"), { ...joinedOut, key: ["event_id", "tier"] }),
      },
      {
        what: "column of a side added",
        after: joinedJob(joined.replace("u.tier", "u.tier, c.price"), {
          columns: "event_id STRING, tier STRING, v BIGINT",
        }),
      },
    ],
  },
  {
    name: "top",
    about: "the two highest amounts of each user",
    before: topJob(top),
    changes: [
      { what: "the three highest", after: topJob(top.replace("<= 2", "<= 3")) },
      { what: "order", after: topJob(top.replace("amount DESC", "amount ASC")) },
    ],
  },
  {
    name: "latest",
    about: "the latest row of each user",
    before: latestJob(latest),
    changes: [
      { what: "key", after: latestJob(latest.replaceAll("user_id", "country")) },
      { what: "first instead of latest", after: latestJob(latest.replace("arrived DESC", "arrived ASC")) },
    ],
  },
  {
    name: "both",
    about: "rows and counts in one job",
    before: bothJob,
    changes: [
      { what: "order of the INSERTs", after: { ...bothJob, inserts: [counting, landing] } },
      { what: "split: the part that counts", after: countsJob(counting) },
      { what: "split: the part that lands rows", after: rowsJob(landing) },
    ],
  },
];
