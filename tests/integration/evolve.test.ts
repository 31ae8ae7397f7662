// A contract that grows under load, on the real engines: old and new producers write all the while, nothing is
// refused, old rows stay readable; a rename is refused with its reason, and touches nothing.
import { mkdtempSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setInterval } from "node:timers/promises";
import axios from "axios";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ledger } from "../../orchestrator/ledger/ledger.ts";
import type { Status } from "../../orchestrator/status.ts";
import { waitFor } from "../../stack/wait.ts";
import { succeed, swordlake, swordlakeJson } from "../support/cli.ts";
import { writeFolder } from "../support/folder.ts";
import { isolated, type Services, services } from "../support/services.ts";

const slowMs = 15 * 60_000;
const name = isolated("grow");
const iceberg = "'format-version' = '2', 'write.parquet.compression-codec' = 'zstd'";
let running: Services;
let folder: string;

const contract = (fields: string) => `// Happenings, whose contract grows.
import { definePipeline, event, topic } from "swordlake";
import { z } from "zod";

export default definePipeline({
  title: "Happenings",
  freshnessMs: 1000,
  topics: {
    things: topic({
      key: "user_id",
      events: {
        happened: event("It happened", {
          user_id: z.string().min(1),
          ${fields}
        }),
      },
    }),
  },
});
`;
const table = (columns: string) => `-- One row per event.
-- assert: unique event_id
-- assert: not null user_id
-- assert: rows 100..
CREATE TABLE IF NOT EXISTS happenings (
  event_id STRING,
  user_id STRING,
  ${columns},
  kafka_partition INT,
  kafka_offset BIGINT
) WITH (${iceberg});
`;
const landing = (columns: string) => `-- Every event.
INSERT INTO happenings SELECT event_id, user_id, ${columns}, kafka_partition, kafka_offset FROM things;
`;
const before = {
  "pipeline.ts": contract("amount: z.int32().optional(),"),
  "tables/happenings.sql": table("amount INT"),
  "tables/counts.sql": `-- How many of each user.
CREATE TABLE IF NOT EXISTS counts (user_id STRING, n BIGINT, PRIMARY KEY (user_id) NOT ENFORCED)
WITH (${iceberg}, 'write.upsert.enabled' = 'true');
`,
  "jobs/landing.sql": landing("amount"),
  "jobs/counting.sql": `-- Counts, with state.
INSERT INTO counts SELECT user_id, COUNT(*) FROM things GROUP BY user_id;
`,
};

/** In one step each: commands that run meanwhile never read half a file. */
function write(files: Record<string, string>): void {
  for (const [file, text] of Object.entries(files)) {
    const path = join(folder, file);
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }
}

const run = (...args: string[]) => succeed({}, ...args);
const sql = async (query: string): Promise<unknown[][]> => JSON.parse(await run("sql", query, "--json")).rows;
const plan = async (): Promise<string[]> => JSON.parse(await run("plan", name, "--json")).actions;

/** Sends an event each 20 ms until it is stopped; what was answered otherwise than 202 is kept. */
function producer(fields: object) {
  const tally = { sent: 0, refused: [] as string[] };
  let isOn = true;
  const done = (async () => {
    let n = 0;
    for await (const _ of setInterval(20)) {
      if (!isOn) break;
      const user_id = `user-${n++ % 5}`;
      const answer = await axios
        .post(`${running.api}/${name}/happened`, { user_id, ...fields }, { validateStatus: () => true })
        .catch((error: Error) => ({ status: 0, data: error.message }));
      if (answer.status === 202) tally.sent += 1;
      else tally.refused.push(`${answer.status} ${JSON.stringify(answer.data)}`);
    }
  })();
  const end = async () => {
    isOn = false;
    await done;
  };
  return { tally, end };
}

beforeAll(async () => {
  running = await services();
  // Where the API looks for pipelines as well: it is told to look again.
  const root = process.env.SWORDLAKE_PIPELINES!.split(":")[0]!;
  renameSync(join(writeFolder(name, before), name), join(root, name));
  folder = join(root, name);
  await run("lock", name);
  await run("apply", name);
  const rolls = async () => (await axios.get(`${running.api}/health`)).data.rolls as number;
  const first = await rolls();
  const { engines } = await swordlakeJson<Status>("status");
  process.kill(engines.find((engine) => engine.name === "api")!.pid!, "SIGHUP");
  await waitFor("the API has seen the folder", async () => (await rolls()) > first);
}, slowMs);

afterAll(async () => {
  await run("stop", name);
  renameSync(folder, join(mkdtempSync(join(tmpdir(), "swordlake-grown-")), name));
}, slowMs);

describe("a contract that grows", { timeout: slowMs }, () => {
  it("lets old and new producers write all the while", async () => {
    const old = producer({ amount: 1 });
    await waitFor("events are sent", async () => old.tally.sent > 50);
    write({
      "pipeline.ts": contract(
        "amount: z.int32().optional(),\n          note: z.string().max(40).optional(),",
      ),
      "tables/happenings.sql": table("amount INT,\n  note STRING"),
      "jobs/landing.sql": landing("amount, note"),
    });
    expect((await swordlake("lock", name, "--check")).stderr).toMatch(
      /isn't current: run 'npx swordlake lock/,
    );
    const order = [
      /^~ table .*happenings: \+ note STRING$/,
      /^~ job .*\/log:/,
      /^~ job .*\/counting:/,
      /^~ job .*\/landing:/,
    ];
    const actions = await plan();
    expect(actions).toEqual([
      ...order.map((line) => expect.stringMatching(line)),
      expect.stringMatching(/^~ contract of .*one by one\n {4}Field 'happened\.note' \(STRING\) is new$/),
    ]);
    await run("apply", name);
    await run("lock", name);
    expect(await plan()).toEqual([]);
    const fresh = producer({ amount: 2, note: "new" });
    await waitFor("new events are sent", async () => fresh.tally.sent > 50);
    await Promise.all([old.end(), fresh.end()]);
    expect([old.tally.refused, fresh.tally.refused]).toEqual([[], []]);
    const ledger = await swordlakeJson<Ledger>("ledger", name);
    const all = old.tally.sent + fresh.tally.sent;
    expect(ledger).toMatchObject({ closed: true, accepted: all, landed: all, quarantined: 0, duplicates: 0 });
    expect(
      await sql(`SELECT note, amount, count(*) FROM lake.${name}.happenings GROUP BY 1, 2 ORDER BY 2`),
    ).toEqual([
      [null, 1, `${old.tally.sent}`],
      ["new", 2, `${fresh.tally.sent}`],
    ]);
    // The job that counts kept its state over the change of its source.
    await waitFor("all are counted", async () => {
      const [[n]] = (await sql(`SELECT sum(n) FROM lake.${name}.counts`)) as [[string]];
      return n === `${all}`;
    });
  });

  it("is refused where it breaks, with file, line, reason and cure, all at once", async () => {
    write({
      "pipeline.ts": contract(
        "amount: z.int32().optional(),\n          remark: z.string().max(40).optional(),",
      ),
      "tables/happenings.sql": table("amount BIGINT,\n  remark STRING"),
      "jobs/landing.sql": landing("amount, remark"),
    });
    const ran = await swordlake("apply", name);
    expect(ran.exitCode).toBe(1);
    const [field, ...more] = ran.stderr.split("\n").map((line) => line.replace("swordlake: ", ""));
    expect(field).toMatch(
      /pipeline\.ts:\d+: Field 'happened\.note' is gone, 'happened\.remark' is new: a rename: clients that send it would be refused\. Keep 'note'.*COALESCE\(remark, note\)/,
    );
    expect(more).toEqual([
      expect.stringMatching(
        /happenings\.sql:9: table 'happenings': column 'note' is gone, 'remark' is new: a rename/,
      ),
      expect.stringMatching(/happenings\.sql:8: table 'happenings': column 'amount' was INT, is BIGINT/),
    ]);
    expect((await swordlake("lock", name)).stderr).toMatch(/a rename.*--accept-breaking writes it down/s);
    write({
      "pipeline.ts": contract(
        "amount: z.int32().optional(),\n          note: z.string().max(40).optional(),",
      ),
      "tables/happenings.sql": table("amount INT,\n  note STRING"),
      "jobs/landing.sql": landing("amount, note"),
    });
    expect(await plan()).toEqual([]);
  });

  it("holds what its tables assert, until a row is written by hand", async () => {
    const live = async () => {
      const ran = await swordlake("test", name, "--live", "--json");
      return { exitCode: ran.exitCode, ...JSON.parse(ran.stdout) };
    };
    expect(await live()).toMatchObject({ exitCode: 0, passed: 3, failed: 0 });
    const columns = "event_id, CAST(NULL AS VARCHAR), amount, note, kafka_partition, kafka_offset";
    await sql(
      `INSERT INTO lake.${name}.happenings SELECT ${columns} FROM lake.${name}.happenings ORDER BY event_id LIMIT 1`,
    );
    const { exitCode, failed, assertions } = await live();
    expect([exitCode, failed]).toEqual([1, 2]);
    expect(assertions.map(({ problem }: { problem: string | null }) => problem)).toEqual([
      expect.stringMatching(
        /^table happenings: 1 values of event_id stand in more than one row: event_id \S+ \(2 rows\)$/,
      ),
      expect.stringMatching(
        /^table happenings: user_id is NULL in 1 rows: kafka_partition \d+, kafka_offset \d+$/,
      ),
      null,
    ]);
  });
});
