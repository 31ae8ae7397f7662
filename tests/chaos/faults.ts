// The faults themselves: what is killed or applied, and how the pipeline is brought back to what its folder says.
import { setTimeout as delay } from "node:timers/promises";
import { pipelineName } from "./folder.ts";
import type { FaultName, PlannedFault } from "./plan.ts";
import type { Stage } from "./stage.ts";

export interface Struck {
  /** When it happened, in ms. */
  atMs: number;
  /** What a person does after it, once the orchestrator has brought one version whole. */
  mend?: () => Promise<void>;
}

type Fault = (stage: Stage, planned: PlannedFault) => Promise<Struck>;

const killEngine =
  (name: string): Fault =>
  async (stage) => ({ atMs: await stage.kill(name) });

export const faults: Partial<Record<FaultName, Fault>> = {
  taskmanager: killEngine("taskmanager"),
  jobmanager: killEngine("jobmanager"),
  gateway: killEngine("gateway"),
  trino: killEngine("trino"),
};

export const strike = async (stage: Stage, planned: PlannedFault): Promise<Struck> => {
  await delay(planned.waitMs);
  return faults[planned.name]!(stage, planned);
};

export { pipelineName };
