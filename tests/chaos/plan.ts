// Which faults are done, in which order, and at which moments: the same seed gives the same moments. Pure.
import { createRandom } from "../../loadgen/random.ts";

export const faultNames = [
  "taskmanager",
  "jobmanager",
  "gateway",
  "orchestrator",
  "apply",
  "upgrade-stopping",
  "upgrade-gating",
  "rollback",
  "postgres",
  "trino",
  "upgrade",
  "failing-upgrade",
] as const;
export type FaultName = (typeof faultNames)[number];

export interface PlannedFault {
  name: FaultName;
  /** From the load's first rows to the fault; for a command, to its start. */
  waitMs: number;
  /** From the step in which a command is to die to its death. */
  intoMs: number;
}

const waitMsMax = 3000;
const intoMsMax = 1500;

/** The moments depend on the seed and the fault's own place in the whole list: a fault done alone has those it had among all. */
export function planFaults(names: FaultName[], seed: number): PlannedFault[] {
  const random = createRandom();
  return names.map((name) => {
    random.restart(seed, faultNames.indexOf(name));
    return { name, waitMs: random.below(waitMsMax), intoMs: random.below(intoMsMax) };
  });
}
