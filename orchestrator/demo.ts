// What the demonstration of one pipeline consists of: the commands that a person would type, in their order.
import { join } from "node:path";
import type { Answers, GeneratedFile, GenerateOptions } from "../flink-sql/generator.ts";
import { answersFile } from "./generated-files.ts";

export interface Step {
  name: string;
  /** Arguments of `swordlake`. */
  args: string[];
}

/**
 * Makes files, loads them, compares every report with its exact answer; then loads the same files again, after
 * which nothing may have changed; and takes the account. `folder` is where the files go; `isLoaded`: the lake has them from before.
 */
export function demoSteps(
  pipeline: string,
  files: GeneratedFile[],
  { rows, seed, damage }: GenerateOptions,
  folder: string,
  isLoaded: boolean,
): Step[] {
  const settings = ["--rows", `${rows}`, "--seed", `${seed}`, "--damage", `${damage}`];
  const load = ["load", pipeline, "--json", ...files.flatMap(({ name }) => ["--csv", join(folder, name)])];
  const report = ["report", pipeline, "--answers", join(folder, answersFile)];
  return [
    { name: "generate", args: ["generate", pipeline, ...settings, "--out", folder, "--force"] },
    { name: "load", args: load },
    { name: "answers", args: isLoaded ? [...report, "--again"] : report },
    { name: "load again", args: load },
    { name: "answers again", args: [...report, "--again"] },
    { name: "ledger", args: ["ledger", pipeline] },
  ];
}

/** Whether files of an earlier demonstration are the same as those that would be made now. */
export const isSameData = (before: Partial<GenerateOptions>, now: GenerateOptions): boolean =>
  before.rows === now.rows && before.seed === now.seed && before.damage === now.damage;

type Counts = Pick<Answers, "read" | "landed" | "duplicates" | "quarantined">;

const sumOf = ({ read, landed, duplicates, quarantined }: Counts) =>
  `rows read ${read} = landed ${landed} + duplicates ${duplicates} + quarantined ${quarantined}`;

/**
 * What a load counted, as a sentence. Throws where it isn't what was generated: each row with its verdict, or,
 * where the same rows were there before, none landed and those that had are duplicates.
 */
export function checkLoad(counts: Counts, made: Counts, mayLand: boolean): string {
  const again = { ...made, landed: 0, duplicates: made.landed + made.duplicates };
  const allowed = [...(mayLand ? [made] : []), again].map(sumOf);
  const counted = sumOf(counts);
  if (allowed.includes(counted)) return counted;
  throw new Error(`The load says: ${counted}. What was generated: ${allowed[0]}.`);
}

/** An argument as a shell takes it. */
const shown = (arg: string) => (/^[\w./:=-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`);

/** A step as a person can type it. */
export const commandOf = ({ args }: Step): string => ["npx", "swordlake", ...args].map(shown).join(" ");

/** The last line that a command printed which says something; empty for none. */
export const lastLine = (text: string): string =>
  text.split("\n").findLast((line) => line.trim() !== "") ?? "";
