// Flink's REST API: jobs, savepoints, checkpoints. Submitting is the gateway's business.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import axios, { isAxiosError } from "axios";
import { z } from "zod";
import { waitFor } from "../../stack/wait.ts";
import { rootCause } from "./gateway.ts";

const overview = z.object({
  jobs: z.array(z.object({ jid: z.string(), name: z.string(), state: z.string(), "start-time": z.number() })),
});
const savepointStatus = z.object({
  status: z.object({ id: z.string() }),
  operation: z
    .object({
      location: z.string().optional(),
      "failure-cause": z.object({ "stack-trace": z.string() }).optional(),
    })
    .optional()
    .nullable(),
});

const checkpoints = z.object({
  history: z.array(z.object({ id: z.number() })),
  latest: z.object({
    completed: z.object({ id: z.number() }).nullable(),
    restored: z.object({ id: z.number() }).nullable(),
  }),
});

/** One process tells a metric's value; of several, their sum. Values come as text, or as numbers. */
const metrics = z.array(
  z.object({ id: z.string(), value: z.unknown(), sum: z.unknown() }).partial({ value: true, sum: true }),
);
const vitals = z.object({
  counts: z.object({ completed: z.number() }),
  latest: z.object({
    completed: z.object({ latest_ack_timestamp: z.number(), state_size: z.number() }).nullable(),
  }),
});
const work = z.object({
  state: z.string(),
  vertices: z.array(z.object({ name: z.string(), metrics: z.object({ "write-records": z.number() }) })),
});
const failures = z.object({
  exceptionHistory: z.object({ entries: z.array(z.object({ timestamp: z.number() })) }),
});

export interface FlinkJob {
  id: string;
  name: string;
  state: string;
}

export interface LiveJob extends FlinkJob {
  /** When this run was started, in ms since 1970. */
  startedAt: number;
}

/** What a run's checkpoints and failures tell of how it is; times in ms since 1970. */
export interface RunVitals {
  /** How many checkpoints it has completed. */
  checkpoints: number;
  /** When its newest checkpoint was complete; undefined where it has none. */
  checkpointAt: number | undefined;
  /** Size of all its state in that checkpoint. */
  stateBytes: number | undefined;
  failedAt: number[];
}

/**
 * What Flink answers where it is asked for the checkpoints of a run: while a JobMaster takes its time to begin
 * (it reads the state that it restores), an error instead of none.
 */
const noneYet = { history: [], counts: { completed: 0 }, latest: { completed: null, restored: null } };
const isInitializing = (error: unknown) =>
  isAxiosError(error) &&
  error.response?.status === 500 &&
  JSON.stringify(error.response.data).includes("JobManager is initializing");

/** States in which a job works or is about to: a second one of its name must not be submitted. */
const live = [
  "INITIALIZING",
  "CREATED",
  "RUNNING",
  "RESTARTING",
  "FAILING",
  "CANCELLING",
  "SUSPENDED",
  "RECONCILING",
];

export interface Flink {
  version(): Promise<string>;
  /** Jobs that are not at their end. */
  liveJobs(): Promise<LiveJob[]>;
  state(id: string): Promise<string>;
  /** Whether the JobManager has heard of a run, whatever became of it: it never takes a second one of its id. */
  knows(id: string): Promise<boolean>;
  /** Why a job failed, in one line. */
  failure(id: string): Promise<string>;
  cancel(id: string): Promise<void>;
  /** Stops with a savepoint and waits for it. Returns its path; in `folder`, where one is given, else in Flink's own. */
  stopWithSavepoint(id: string, folder?: string): Promise<string>;
  /** Removes a savepoint, wherever Flink keeps it. False where Flink couldn't. */
  disposeSavepoint(path: string): Promise<boolean>;
  slots(): Promise<{ total: number; free: number }>;
  /** Flink's own metrics at a path such as /jobmanager or /jobs/<id>, by name; those it doesn't have are left out. */
  metrics(path: string, names: string[]): Promise<Map<string, number>>;
  /** How long a checkpoint of a job may take before Flink gives it up, and the pause between two, in ms. */
  checkpointMsMax(id: string): Promise<number>;
  vitals(id: string): Promise<RunVitals>;
  /**
   * A run's state, and how many records its sources have given to its next tasks, a few seconds ago; 0 where there is
   * one task alone.
   */
  progress(id: string): Promise<{ state: string; recordsRead: number }>;
  /** Number of the newest checkpoint that a job has begun or goes back to; 0 where there is none. */
  newestCheckpointId(id: string): Promise<number>;
}

export function createFlink(address: string): Flink {
  const http = axios.create({ baseURL: address, timeout: 15_000 });
  const state = async (id: string) =>
    z.object({ state: z.string() }).parse((await http.get(`/jobs/${id}`)).data).state;
  const checkpointsOf = (id: string): Promise<unknown> =>
    http.get(`/jobs/${id}/checkpoints`).then(
      ({ data }) => data,
      (error: unknown) => {
        if (isInitializing(error)) return noneYet;
        throw error;
      },
    );
  return {
    version: async () => String((await http.get("/config")).data["flink-version"]),
    async liveJobs() {
      const { jobs } = overview.parse((await http.get("/jobs/overview")).data);
      return jobs
        .filter((job) => live.includes(job.state))
        .map((job) => ({ id: job.jid, name: job.name, state: job.state, startedAt: job["start-time"] }));
    },
    state,
    knows: (id) =>
      state(id).then(
        () => true,
        (error: unknown) => {
          if (isAxiosError(error) && error.response?.status === 404) return false;
          throw error;
        },
      ),
    async failure(id) {
      const { data } = await http.get(`/jobs/${id}/exceptions`);
      const trace = data.exceptionHistory?.entries?.[0]?.stacktrace ?? data["root-exception"] ?? "";
      return rootCause([String(trace)]);
    },
    async cancel(id) {
      await http.patch(`/jobs/${id}`, undefined, { params: { mode: "cancel" } });
      await waitFor(`job ${id} is canceled`, async () => !live.includes(await state(id)));
    },
    async stopWithSavepoint(id, folder) {
      const place = folder === undefined ? {} : { targetDirectory: `file://${folder}` };
      const started = await http.post(`/jobs/${id}/stop`, { drain: false, ...place });
      const trigger = z.object({ "request-id": z.string() }).parse(started.data)["request-id"];
      let path = "";
      await waitFor(`savepoint of job ${id}`, async () => {
        const answer = savepointStatus.parse((await http.get(`/jobs/${id}/savepoints/${trigger}`)).data);
        const failure = answer.operation?.["failure-cause"];
        if (failure)
          throw new Error(`Flink couldn't stop job ${id}: ${failure["stack-trace"].split("\n")[0]}`);
        path = answer.operation?.location ?? "";
        return answer.status.id === "COMPLETED";
      });
      await waitFor(`job ${id} has ended`, async () => !live.includes(await state(id)));
      return path;
    },
    async disposeSavepoint(path) {
      const started = await http.post("/savepoint-disposal", { "savepoint-path": path });
      const trigger = z.object({ "request-id": z.string() }).parse(started.data)["request-id"];
      let hasFailed = false;
      await waitFor(`savepoint ${path} is removed`, async () => {
        const answer = savepointStatus.parse((await http.get(`/savepoint-disposal/${trigger}`)).data);
        hasFailed = Boolean(answer.operation?.["failure-cause"]);
        return answer.status.id === "COMPLETED";
      });
      return !hasFailed;
    },
    async vitals(id) {
      const [taken, failed] = await Promise.all([checkpointsOf(id), http.get(`/jobs/${id}/exceptions`)]);
      const { counts, latest } = vitals.parse(taken);
      const { completed } = latest;
      return {
        checkpoints: counts.completed,
        checkpointAt: completed?.latest_ack_timestamp,
        stateBytes: completed?.state_size,
        failedAt: failures.parse(failed.data).exceptionHistory.entries.map(({ timestamp }) => timestamp),
      };
    },
    async progress(id) {
      const { state, vertices } = work.parse((await http.get(`/jobs/${id}`)).data);
      const sources = vertices.filter(({ name }) => name.startsWith("Source:"));
      return { state, recordsRead: sources.reduce((sum, { metrics }) => sum + metrics["write-records"], 0) };
    },
    async newestCheckpointId(id) {
      const { history, latest } = checkpoints.parse(await checkpointsOf(id));
      return Math.max(0, ...[...history, latest.completed, latest.restored].map((one) => one?.id ?? 0));
    },
    async checkpointMsMax(id) {
      const { data } = await http.get(`/jobs/${id}/checkpoints/config`);
      const { timeout, interval } = z.object({ timeout: z.number(), interval: z.number() }).parse(data);
      return timeout + interval;
    },
    async metrics(path, names) {
      const { data } = await http.get(`${path}/metrics`, { params: { get: names.join(",") } });
      const found = metrics.parse(data).map(({ id, value, sum }) => [id, Number(value ?? sum)] as const);
      return new Map(found.filter(([, value]) => Number.isFinite(value)));
    },
    async slots() {
      const { data } = await http.get("/overview");
      return { total: data["slots-total"], free: data["slots-available"] };
    },
  };
}

/** Where the savepoints go with which a run is stopped: beside its checkpoints, to be found by its id alone. */
export const savepointsOf = (folder: string, flinkJobId: string) => join(folder, flinkJobId);

/**
 * The newest completed checkpoint or savepoint that a run of a job left, as a path for
 * execution.state-recovery.path; undefined where it left none. Restoring an older one would
 * lose or double rows, so only the newest is ever given. A run that ended with a savepoint leaves nothing else.
 */
export function newestCheckpoint(folder: string, flinkJobId: string): string | undefined {
  const of = join(folder, flinkJobId);
  if (!existsSync(of)) return undefined;
  const metadata = (name: string) => join(of, name, "_metadata");
  const complete = readdirSync(of).filter((name) => existsSync(metadata(name)));
  const numbers = complete.flatMap((name) => (/^chk-\d+$/.test(name) ? [Number(name.slice(4))] : []));
  const writtenAt = (name: string) => statSync(metadata(name)).mtimeMs;
  const [savepoint] = complete
    .filter((name) => name.startsWith("savepoint-"))
    .sort((a, b) => writtenAt(b) - writtenAt(a));
  const checkpoint = numbers.length > 0 ? `chk-${Math.max(...numbers)}` : undefined;
  const isNewer = savepoint && (!checkpoint || writtenAt(savepoint) >= writtenAt(checkpoint));
  const newest = isNewer ? savepoint : checkpoint;
  return newest && `file://${join(of, newest)}`;
}
