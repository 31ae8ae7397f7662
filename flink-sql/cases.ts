// Cases of a pipeline: given events, expected rows. Read from cases/*.json; run by orchestrator/cases.ts.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { acceptEvent } from "./envelope.ts";
import { eventsOf, type PipelineFolder } from "./folders.ts";

const row = z.record(z.string(), z.unknown());

const caseFile = z.strictObject({
  /** What the case shows, in a sentence. */
  shows: z.string().min(1),
  /** Events as a client sends them, in order, each with its event_type. */
  given: z.array(z.looseObject({ event_type: z.string() })).min(1),
  /** Events of `given` that the contract refuses: index to the path of the field. */
  refused: z.record(z.string(), z.string()).default({}),
  /** Rows by table, in any order; columns that are left out may hold anything. */
  expect: z.record(z.string(), z.array(row)),
});

export interface Case extends z.infer<typeof caseFile> {
  name: string;
  path: string;
}

/** All cases of a folder. Throws one error that names every broken file. */
export function loadCases(pipeline: PipelineFolder): Case[] {
  const folder = join(pipeline.path, "cases");
  if (!existsSync(folder)) return [];
  const problems: string[] = [];
  const cases = readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .flatMap((file): Case[] => {
      const path = join(folder, file);
      try {
        const parsed = caseFile.safeParse(JSON.parse(readFileSync(path, "utf8")));
        if (parsed.success) return [{ ...parsed.data, name: file.replace(/\.json$/, ""), path }];
        problems.push(`${path}: ${z.prettifyError(parsed.error)}`);
      } catch (error) {
        problems.push(`${path}: ${(error as Error).message}`);
      }
      return [];
    });
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return cases;
}

/** When every event of a case is received, where it gives no time. */
const receivedAt = "2026-01-01T00:00:00.000Z";

export interface GivenRecords {
  /** Records by topic, each with a place, as the topic's source reads them. */
  byTopic: Map<string, object[]>;
  /** Index in `given` to the first field path that was refused. */
  refused: Record<string, string>;
}

/** Sends a case's events through the contract, as the edge would. */
export function recordsOf(pipeline: PipelineFolder, { given }: Pick<Case, "given">): GivenRecords {
  const byTopic = new Map(Object.keys(pipeline.topics).map((topic) => [topic, [] as object[]]));
  const refused: Record<string, string> = {};
  for (const [index, { event_type, ...input }] of given.entries()) {
    const declared = eventsOf(pipeline).find(({ type }) => type === event_type);
    if (!declared) {
      refused[index] = "event_type";
      continue;
    }
    const edge = {
      receivedAt,
      host: "case",
      userAgent: "case",
      accept: "*/*",
      newId: () => `event-${index}`,
    };
    const verdict = acceptEvent(event_type, declared.event, input, edge);
    if (!verdict.ok) refused[index] = verdict.issues[0]?.path ?? "";
    else {
      const records = byTopic.get(declared.topicName)!;
      const place = { kafka_partition: 0, kafka_offset: records.length, kafka_timestamp: receivedAt };
      records.push({ ...verdict.event, ...place });
    }
  }
  return { byTopic, refused };
}

/** Differences between expected and actual rows as sentences that name row and column; empty where none. */
export function differences(
  expect: Case["expect"],
  actual: Record<string, Record<string, unknown>[]>,
): string[] {
  return Object.entries(expect).flatMap(([table, wanted]) => {
    const rest = [...(actual[table] ?? [])];
    const found = wanted.flatMap((expected, index) => {
      const fits = (candidate: Record<string, unknown>) =>
        Object.entries(expected).filter(
          ([column, value]) => JSON.stringify(candidate[column] ?? null) !== JSON.stringify(value),
        );
      const best = rest
        .map((candidate, at) => ({ at, wrong: fits(candidate) }))
        .sort((a, b) => a.wrong.length - b.wrong.length)[0];
      if (!best)
        return [`${table} row ${index}: expected ${JSON.stringify(expected)}, and there is no row left`];
      const [candidate] = rest.splice(best.at, 1);
      return best.wrong.map(
        ([column, value]) =>
          `${table} row ${index}, column ${column}: expected ${JSON.stringify(value)}, found ${JSON.stringify(candidate?.[column] ?? null)}`,
      );
    });
    return [...found, ...rest.map((extra) => `${table}: a row nobody expected: ${JSON.stringify(extra)}`)];
  });
}
