// What a plan means for those who read: whom a change reaches downstream, and how long an upgraded job is down. The
// figures are measured ones; where one isn't known, the line says so.
import { setTimeout as delay } from "node:timers/promises";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { lineageOf } from "../console/lineage.ts";
import type { Engines } from "../engines/engines.ts";
import { committedKey, committedOf, type Ends, endsOf } from "../watch/looks.ts";
import { catchUpRates } from "../watch/rows.ts";
import { type Action, pipelineOf } from "./reconcile.ts";

/** Undefined: not known. */
export interface Figures {
  stateBytes: number | undefined;
  /** Records that wait. */
  lag: number | undefined;
  /** Records a second that come in now. */
  rate: number | undefined;
  /** Records a second that the job has read while records waited, and when that was. */
  catchUp: { rate: number; at: Date } | undefined;
  /** How long earlier upgrades took from the stop to the first checkpoint, the newest first; of this job, else of others. */
  earlierMs: number[];
  isOwn: boolean;
}

const seconds = (ms: number) => `${Math.max(1, Math.round(ms / 1000))} s`;
const number = (count: number) => Math.round(count).toLocaleString("en");

function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  const unit = Math.min(units.length - 1, bytes > 0 ? Math.floor(Math.log2(bytes) / 10) : 0);
  return `${Math.round(bytes / 1024 ** unit)} ${units[unit]}`;
}

const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** One line: how long a job is down, how long it catches up, and the figures that say so. Pure. */
export function forecast({ stateBytes, lag, rate, catchUp, earlierMs, isOwn }: Figures): string {
  const downMs = median(earlierMs);
  const down =
    downMs === undefined
      ? "for how long it is down isn't known: no upgrade was measured here yet"
      : `about ${seconds(downMs)} down, as the last ${earlierMs.length} upgrades of ${isOwn ? "it" : "other jobs"} took`;
  const behind =
    downMs === undefined || lag === undefined || rate === undefined
      ? undefined
      : lag + (rate * downMs) / 1000;
  const left = catchUp && rate !== undefined ? catchUp.rate - rate : undefined;
  const isOwing = behind !== undefined && behind >= 1;
  const after =
    behind !== undefined && !isOwing
      ? "nothing to catch up"
      : left === undefined || behind === undefined
        ? "how long it catches up isn't known"
        : left <= 0
          ? "it never catches up at this rate"
          : `${seconds((behind / left) * 1000)} to catch up`;
  const figures = [
    stateBytes === undefined ? "state of unknown size" : `state ${size(stateBytes)}`,
    lag === undefined ? "what waits isn't known" : `${number(lag)} records waiting`,
    rate === undefined ? "rate in isn't known" : `${number(rate)} records/s in`,
    catchUp
      ? `${number(catchUp.rate)} records/s when it catches up (measured ${catchUp.at.toISOString()})`
      : "how fast it catches up was never measured",
  ];
  return `${down}; ${after} (${figures.join(", ")})`;
}

/** Who reads what an action changes: tables of a job, reports of those; what is new has no readers yet. Pure. */
export function downstream(pipeline: PipelineFolder, action: Action): string[] {
  const { nodes, edges } = lineageOf(pipeline);
  const start =
    action.kind === "upgrade-job" || action.kind === "rebuild-job"
      ? [`job:${action.job.name}`]
      : action.kind === "create-tables"
        ? (action.dropped ?? []).map((table) => `table:${table}`)
        : action.kind === "add-columns"
          ? [`table:${action.table}`]
          : action.kind === "alter-topic" || (action.kind === "create-topic" && action.removed)
            ? [`topic:${action.topic}`]
            : [];
  const reached = new Set(start);
  for (const id of reached) for (const [from, to] of edges) if (from === id) reached.add(to);
  const named = (kind: string) =>
    nodes.flatMap((node) =>
      node.kind === kind && reached.has(node.id) && !start.includes(node.id) ? [node.name] : [],
    );
  const kinds: [string, string[]][] = [
    ["jobs", named("job")],
    ["tables", named("table")],
    ["alerts", named("alert")],
    ["reports", named("report")],
  ];
  const parts = kinds.flatMap(([kind, names]) => (names.length > 0 ? [`${kind} ${names.join(", ")}`] : []));
  return parts.length > 0 ? [`reaches ${parts.join("; ")}`] : [];
}

/** From each job's stop to the upgrade that followed it, the newest first. */
const upgradesQuery = `
SELECT up.subject, extract(epoch FROM up.at - max(stop.at)) * 1000 AS ms
FROM history up JOIN history stop ON stop.subject = up.subject AND stop.action = 'stop' AND stop.id < up.id
WHERE up.action = 'upgrade'
GROUP BY up.id, up.subject, up.at HAVING up.at - max(stop.at) < interval '1 hour'
ORDER BY up.id DESC LIMIT 100`;

interface Upgraded {
  subject: string;
  ms: string;
}

function earlierUpgrades(rows: Upgraded[], job: string): Pick<Figures, "earlierMs" | "isOwn"> {
  const own = rows.filter(({ subject }) => subject === job);
  const isOwn = own.length > 0;
  return { earlierMs: (isOwn ? own : rows).slice(0, 5).map(({ ms }) => Number(ms)), isOwn };
}

const sampleMs = 1000;
const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);
const unknown = () => undefined;

/** Asks Flink, Kafka and Postgres of a pipeline, for the figures of all its jobs; takes a second, to count what comes in. */
async function lookAt(engines: Engines, pipeline: PipelineFolder) {
  const topics = (ends: Ends) => sum([...ends.values()].flat().map(({ high }) => high));
  const ends = await endsOf(engines, [pipeline]);
  const startedAt = performance.now();
  const [live, committed, upgrades, rates] = await Promise.all([
    engines.flink.liveJobs().catch(() => []),
    committedOf(engines, [pipeline], ends).catch(unknown),
    engines.store.transaction((client) => client.query<Upgraded>(upgradesQuery)),
    catchUpRates(engines.store),
  ]);
  await delay(Math.max(0, sampleMs - (performance.now() - startedAt)));
  const then = await endsOf(engines, [pipeline]);
  const elapsed = (performance.now() - startedAt) / 1000;
  return {
    ends,
    live,
    committed,
    upgrades: upgrades.rows,
    rates,
    rate: (topics(then) - topics(ends)) / elapsed,
  };
}

type Sight = Awaited<ReturnType<typeof lookAt>>;

async function figuresOf({ flink }: Engines, sight: Sight, job: string): Promise<Figures> {
  const { ends, live, committed, upgrades, rates, rate } = sight;
  const run = live.find(({ name }) => name === job);
  const vitals = run && (await flink.vitals(run.id).catch(unknown));
  const lags = [...ends].flatMap(([topic, places]) =>
    places.flatMap(({ partition, high }) => {
      const reached = committed?.get(committedKey(job, topic, partition));
      return reached === undefined ? [] : [Math.max(0, high - reached)];
    }),
  );
  return {
    stateBytes: vitals?.stateBytes,
    lag: committed ? sum(lags) : undefined,
    rate,
    catchUp: rates.get(job),
    ...earlierUpgrades(upgrades, job),
  };
}

/** For each action the lines below it that are no part of what is done. */
export async function expectations(
  engines: Engines,
  actions: Action[],
  pipelines: PipelineFolder[],
): Promise<string[][]> {
  const sights = new Map<PipelineFolder, Promise<Sight>>();
  const sightOf = (pipeline: PipelineFolder) => {
    const sight = sights.get(pipeline) ?? lookAt(engines, pipeline);
    sights.set(pipeline, sight);
    return sight;
  };
  return Promise.all(
    actions.map(async (action) => {
      const pipeline = pipelines.find(({ name }) => name === pipelineOf(action));
      if (!pipeline) return [];
      const reached = downstream(pipeline, action);
      if (action.kind !== "upgrade-job") return reached;
      return [...reached, forecast(await figuresOf(engines, await sightOf(pipeline), action.job.name))];
    }),
  );
}
