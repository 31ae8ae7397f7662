// Watches tables being filled beside the live ones, until the job that fills them is near the old version.
import { setTimeout as delay } from "node:timers/promises";
import { openUpgrades } from "../deploy/upgrades.ts";
import type { Engines } from "../engines/engines.ts";
import { type Position, positionsOf } from "../positions.ts";
import type { Rebuild } from "./staged.ts";

const lookMs = 1000;
/** An engine may be away for so long. */
const awayMsMax = 120_000;
/** So many records are read while the old version stops. */
const nearRecords = 1000;
const failuresMax = 10;

const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);
const placeOf = ({ topic, partition }: Position) => `${topic}/${partition}`;

/** How many records of what the old version has read the other has not; 0: it is at or past it everywhere. Pure. */
export function recordsBehind(old: Position[], staged: Position[]): number {
  const reached = new Map(staged.map((place) => [placeOf(place), place.offset]));
  return sum(old.map((place) => Math.max(0, place.offset - (reached.get(placeOf(place)) ?? 0))));
}

/**
 * Partitions of which Kafka has removed records that may not have been read: whatever it had removed by now lay
 * below where the job surely was at the last look, or it may have been passed over. Pure.
 */
export function passedOver(before: Position[], now: Position[]): string[] {
  const surely = new Map(before.map((place) => [placeOf(place), place.offset]));
  return now.flatMap((place) =>
    place.low > (surely.get(placeOf(place)) ?? 0)
      ? [
          `Kafka has removed records of ${place.topic}, partition ${place.partition} up to ${place.low} before they were surely read`,
        ]
      : [],
  );
}

/** Where the old version and the job beside it are. */
export async function bothAt(engines: Engines, { staged }: Rebuild, old: Record<string, string[]>) {
  const [before, beside] = await Promise.all([
    positionsOf(engines, staged.pipeline, old),
    positionsOf(engines, staged.pipeline, staged.definition.groups),
  ]);
  return { old: before, staged: beside };
}

/** Throws where the run that fills the tables can't go on. Returns how many checkpoints it has completed. */
async function assertFilling({ flink, store }: Engines, job: string, rebuild: Rebuild): Promise<number> {
  const [open] = await openUpgrades(store, job);
  if (open?.phase !== "filling" || open.rebuild?.begunAt !== rebuild.begunAt)
    throw new Stopped("another command has ended it: it stopped, rewound or applied the job");
  const id = rebuild.staged.flinkJobId!;
  if (!(await flink.liveJobs()).some((run) => run.id === id)) {
    const reason = (await flink.knows(id)) ? await flink.failure(id) : "Flink's JobManager has forgotten it";
    throw new Stopped(`job ${rebuild.staged.name} doesn't run any more: ${reason}`);
  }
  const { failedAt, checkpoints } = await flink.vitals(id);
  if (failedAt.length > failuresMax || (failedAt.length > 2 && checkpoints === 0))
    throw new Stopped(`job ${rebuild.staged.name} fails again and again: ${await flink.failure(id)}`);
  return checkpoints;
}

/** What no further look can change. */
class Stopped extends Error {}

const number = (count: number) => Math.round(count).toLocaleString("en");

/** Waits until the tables are nearly full; `tell` gets how far they are. Throws, with the reason, where they won't be. */
export async function untilNear(
  engines: Engines,
  job: string,
  rebuild: Rebuild,
  old: Record<string, string[]>,
  tell: (line: string) => void,
): Promise<void> {
  const { name } = rebuild.staged;
  let last: Position[] = [];
  let seenAt = performance.now();
  const pace: { at: number; read: number }[] = [];
  const look = async (): Promise<boolean> => {
    const checkpoints = await assertFilling(engines, job, rebuild);
    const at = await bothAt(engines, rebuild, old);
    const lost = passedOver(last, at.staged);
    if (lost.length > 0) throw new Stopped(lost.join("; "));
    last = at.staged;
    const read = sum(last.map(({ offset }) => offset));
    pace.push({ at: performance.now(), read });
    if (pace.length > 6) pace.shift();
    const [first, now] = [pace[0]!, pace.at(-1)!];
    const rate = now.at > first.at ? ((now.read - first.read) * 1000) / (now.at - first.at) : 0;
    const all = sum(last.map(({ high }) => high));
    tell(`${name}: ${number(read)} of ${number(all)} records read, ${number(rate)}/s`);
    return checkpoints > 0 && recordsBehind(at.old, at.staged) <= Math.max(nearRecords, rate);
  };
  for (;;) {
    try {
      if (await look()) return;
      seenAt = performance.now();
    } catch (error) {
      if (error instanceof Stopped || performance.now() - seenAt > awayMsMax) throw error;
      tell(`${name}: ${(error as Error).message.split("\n")[0]}`);
    }
    await delay(lookMs);
  }
}
