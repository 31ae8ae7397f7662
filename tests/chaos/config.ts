// The settings of a run, from the environment: RATE, FAULTS, SEED, KEEP. An empty one counts as unset.
import { randomInt } from "node:crypto";
import { z } from "zod";
import { type FaultName, faultNames } from "./plan.ts";

const faults = z.string().transform((text, context): FaultName[] => {
  const given = text.split(/[\s,]+/).filter(Boolean);
  const unknown = given.filter((name) => name !== "all" && !faultNames.some((known) => known === name));
  if (unknown.length > 0) {
    context.addIssue({ code: "custom", message: `no fault is named ${unknown.join(", ")}` });
    return z.NEVER;
  }
  return given.includes("all") ? [...faultNames] : (given as FaultName[]);
});

const settings = z.object({
  RATE: z.coerce.number().int().min(20).max(100_000).default(2000),
  FAULTS: faults.default([...faultNames]),
  SEED: z.coerce
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(() => randomInt(2 ** 32)),
  KEEP: z
    .enum(["yes", "no"])
    .default("no")
    .transform((kept) => kept === "yes"),
});

export interface ChaosConfig {
  /** Events per second. */
  rate: number;
  /** In the order in which they are done. */
  faults: FaultName[];
  /** Decides the moments. */
  seed: number;
  /** Whether the instance stays. */
  keep: boolean;
}

const cures: Record<string, string> = {
  RATE: "events per second, 20 to 100000, such as 2000",
  FAULTS: `all, or a list of ${faultNames.join(", ")}`,
  SEED: "a whole number from 0 to 4294967295",
  KEEP: "yes or no",
};

/** Throws one error that names every wrong variable with its value and the cure. */
export function readChaosConfig(env: NodeJS.ProcessEnv): ChaosConfig {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = settings.safeParse(given);
  if (!parsed.success)
    throw new Error(
      parsed.error.issues
        .map(({ path, message }) => {
          const name = String(path[0]);
          return `${name}='${given[name]}': ${message}. Give ${cures[name]}.`;
        })
        .join("\n"),
    );
  const { RATE, FAULTS, SEED, KEEP } = parsed.data;
  return { rate: RATE, faults: FAULTS, seed: SEED, keep: KEEP };
}
