// Many small commits, then maintenance while a job goes on committing, on the real engines: few files, no row lost
// or doubled, no commit that fails for good, and a restore point that still restores. SWORDLAKE_SMALL_COMMITS sets how
// many; with 1,000 the files must become 50 times fewer.
import { setInterval } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createFlink } from "../../orchestrator/engines/flink.ts";
import { connectTrino } from "../../orchestrator/engines/trino.ts";
import type { Ledger } from "../../orchestrator/ledger/ledger.ts";
import type { Maintained } from "../../orchestrator/maintain/maintain.ts";
import { commit } from "../../orchestrator/maintain/tables.ts";
import { waitFor } from "../../stack/wait.ts";
import { succeed, swordlakeWith } from "../support/cli.ts";
import { recordOf, writeFolder } from "../support/folder.ts";
import { writeRaw } from "../support/raw-kafka.ts";
import { isolated, services } from "../support/services.ts";

const name = isolated("upkeep");
const smallCommits = Number(process.env.SWORDLAKE_SMALL_COMMITS ?? 80);
const slowMs = Math.max(15 * 60_000, smallCommits * 2000);
const table = `lake.${name}.happenings`;
let env: Record<string, string>;

const files = {
  "pipeline.ts": `// Happenings, whose table is kept fit.
import { definePipeline, event, topic } from "swordlake";
import { z } from "zod";

export default definePipeline({
  title: "Happenings",
  freshnessMs: 1000,
  maintenance: { schedule: "never", historyMs: 0, restorePointsMs: 3_600_000 },
  topics: { things: topic({ key: "user_id", events: { happened: event("It happened", { user_id: z.string() }) } }) },
});
`,
  "tables/happenings.sql": `-- One row per event; of rows without a place, one each.
CREATE TABLE IF NOT EXISTS happenings (event_id STRING, user_id STRING, kafka_partition INT, kafka_offset BIGINT)
WITH ('format-version' = '2');
`,
  "jobs/landing.sql": `-- Every event.
INSERT INTO happenings SELECT event_id, user_id, kafka_partition, kafka_offset FROM things;
`,
};

const run = (...args: string[]) => succeed(env, ...args);
const ledger = async (): Promise<Ledger> => JSON.parse(await run("ledger", name, "--json"));

/** Sends a record after another, each to be committed soon, until it is stopped. Returns how many. */
function producer(kafka: string) {
  let isOn = true;
  let sent = 0;
  const done = (async () => {
    for await (const _ of setInterval(200)) {
      if (!isOn) break;
      await writeRaw(kafka, `${name}.things`, [recordOf("happened", `${name}-${sent}`, { user_id: "ann" })]);
      sent += 1;
    }
    return sent;
  })();
  return async () => {
    isOn = false;
    return done;
  };
}

beforeAll(async () => {
  env = { SWORDLAKE_PIPELINES: writeFolder(name, files) };
  await run("apply", name);
}, slowMs);

afterAll(() => run("stop", name), slowMs);

describe("maintenance", { timeout: slowMs }, () => {
  it("makes few files of many while the job commits, and a restore point still restores", async () => {
    const { kafka, trino, flink: address } = await services();
    const lake = connectTrino(trino);
    const flink = createFlink(address);
    const one = async (query: string) => (await lake.query(query)).rows[0]![0];
    const insert = async (from: number, to: number) => {
      for (let n = from; n < to; n += 1)
        await commit(lake, `INSERT INTO ${table} VALUES ('by-hand-${n}', 'bob', NULL, NULL)`);
    };
    const end = producer(kafka);
    await insert(0, smallCommits / 2);

    // A restore point: a savepoint, and the snapshot that was committed with it.
    await run("stop", name);
    const point = await one(
      `SELECT max_by(snapshot_id, committed_at) FROM lake.${name}."happenings$snapshots"`,
    );
    const then = await one(`SELECT count(*) FROM ${table}`);
    const down = await swordlakeWith(env, "maintain", name);
    expect(down.exitCode).toBe(1);
    expect(down.stderr).toMatch(/Job .*\/landing doesn't run: .*Start it with 'npx swordlake apply/);
    await run("apply", name);

    await insert(smallCommits / 2, smallCommits);
    const dry: { tables: Maintained[] } = JSON.parse(await run("maintain", name, "--dry-run", "--json"));
    expect(dry.tables.map((of) => of.table).sort()).toEqual(["filtered", "happenings", "log", "quarantine"]);
    const paths = async () =>
      (await lake.query(`SELECT file_path FROM lake.${name}."happenings$files"`)).rows.map(
        ([path]) => `${path}`,
      );
    const before = await paths();
    const { tables }: { tables: Maintained[] } = JSON.parse(
      await run("maintain", name, "--table", "happenings", "--json"),
    );
    const [done] = tables;
    expect(done!.before.files).toBeGreaterThanOrEqual(smallCommits);
    // What the job commits meanwhile comes on top: of the files from before, a few at most are left, or none.
    const now = new Set(await paths());
    expect(before.filter((path) => now.has(path)).length).toBeLessThanOrEqual(1);
    expect(done!.before.files / done!.after.files).toBeGreaterThan(Math.max(2, smallCommits / 20));
    expect(done!.heldBy).toMatch(/^restore point \d+ \(stop\)$/);
    // Files that the job closed a moment ago are named by no metadata yet, and are no strays.
    expect(done!.orphansRemoved).toBe(0);

    const job = (await flink.liveJobs()).find((live) => live.name === `${name}/landing`)!;
    const sent = await end();
    expect(await ledger()).toMatchObject({ closed: true, accepted: sent, landed: sent, problems: [] });
    expect(await one(`SELECT count(DISTINCT event_id) FROM ${table}`)).toBe(`${sent + smallCommits}`);
    expect(await one(`SELECT count(*) FROM ${table}`)).toBe(`${sent + smallCommits}`);
    // A commit that lost a race may have started the job again; none has failed for good.
    expect(await flink.state(job.id)).toBe("RUNNING");
    expect(await one(`SELECT count(*) FROM ${table} FOR VERSION AS OF ${point}`)).toBe(then);

    // And what a restart looks for is there: it commits nothing a second time.
    await run("stop", name);
    await run("apply", name);
    const again = producer(kafka);
    await waitFor("the job that came back commits", async () => {
      const live = (await flink.liveJobs()).find((one) => one.name === `${name}/landing`);
      const by = `element_at(summary, 'flink.job-id') = '${live?.id}'`;
      return (await one(`SELECT count(*) FROM lake.${name}."happenings$snapshots" WHERE ${by}`)) !== "0";
    });
    const more = await again();
    expect(await ledger()).toMatchObject({
      closed: true,
      accepted: sent + more,
      duplicates: Math.min(sent, more),
    });
  });
});
