// A job as it is recorded, and the runs of it that Flink has.
import type { Engines } from "../engines/engines.ts";
import type { RecordedJob } from "../engines/store.ts";
import { resumeJob } from "./submit.ts";

export const recordOf = async ({ store }: Engines, job: string): Promise<RecordedJob | undefined> =>
  (await store.jobs()).find(({ name }) => name === job);

/** Ids of the runs that a job has now. */
export const runsOf = async ({ flink }: Engines, job: string): Promise<string[]> =>
  (await flink.liveJobs()).flatMap(({ name, id }) => (name === job ? [id] : []));

/** The run that a job has, or a new one from where the last got to. */
export const runAgain = async (engines: Engines, record: RecordedJob): Promise<string> =>
  (await runsOf(engines, record.name))[0] ?? (await resumeJob(engines, record)).flinkJobId;

/** The run of a job's recorded version. One that was asked for and never confirmed is waited for: it must not come later. */
export async function runToStop(engines: Engines, recorded: RecordedJob): Promise<string | undefined> {
  const runs = await runsOf(engines, recorded.name);
  const [id] = runs.includes(recorded.flinkJobId ?? "") ? [recorded.flinkJobId!] : runs;
  const isAsked = recorded.desired === "running" && recorded.flinkJobId === null && recorded.askedJobId;
  if (id !== undefined || !isAsked) return id;
  // Where Flink refuses it now, it would have refused it then.
  return resumeJob(engines, recorded).then(
    ({ flinkJobId }) => flinkJobId,
    () => undefined,
  );
}
