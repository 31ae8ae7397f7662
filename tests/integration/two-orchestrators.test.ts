// Two orchestrators at once on one instance, killed and started at random moments while jobs are cancelled under them:
// one job per job file, always. SWORDLAKE_TWO_SECONDS sets how long, SWORDLAKE_TWO_SEED the moments.
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createFlink, type Flink } from "../../orchestrator/engines/flink.ts";
import { repository } from "../../stack/config.ts";
import { waitFor } from "../../stack/wait.ts";
import { succeed } from "../support/cli.ts";
import { catalogue, writeFolder } from "../support/folder.ts";
import { isolated, services } from "../support/services.ts";

const totalMs = Number(process.env.SWORDLAKE_TWO_SECONDS ?? 40) * 1000;
const seed = Number(process.env.SWORDLAKE_TWO_SEED ?? Date.now() % 100_000);
const slowMs = totalMs + 5 * 60_000;
const name = isolated("two");
const jobs = ["log", "landing", "counting"].map((job) => `${name}/${job}`);
const sampleMs = 100;
let env: Record<string, string>;
let flink: Flink;

/** The same numbers from 0 to 1 for the same seed (mulberry32). */
function createRandom(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const run = (...args: string[]) => succeed(env, ...args);

const start = () =>
  execa(process.execPath, ["orchestrator/bin.js", "run"], {
    cwd: repository,
    env,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
    reject: false,
  });

beforeAll(async () => {
  flink = createFlink((await services()).flink);
  env = { SWORDLAKE_PIPELINES: writeFolder(name, catalogue) };
  await run("apply", name);
}, slowMs);

afterAll(() => run("stop", name), slowMs);

it(
  "never run a job twice, whenever they are killed",
  async () => {
    const random = createRandom(seed);
    const endAt = Date.now() + totalMs;
    const tally = { samples: 0, kills: 0, cancels: 0, doubles: [] as string[], missingMsMax: 0 };
    const isOver = () => Date.now() >= endAt;

    const orchestrate = async () => {
      while (!isOver()) {
        const orchestrator = start();
        // A start takes some seconds: some are killed in it, some long after.
        await delay(Math.min(1000 + random() * 9000, Math.max(0, endAt - Date.now())));
        orchestrator.kill("SIGKILL");
        tally.kills += 1;
        await orchestrator;
      }
    };
    const cancel = async () => {
      while (!isOver()) {
        await delay(2000 + random() * 3000);
        const own = (await flink.liveJobs()).filter(
          (job) => jobs.includes(job.name) && job.state === "RUNNING",
        );
        const one = own[Math.floor(random() * own.length)];
        // It may have ended by itself meanwhile.
        if (one)
          tally.cancels += await flink.cancel(one.id).then(
            () => 1,
            () => 0,
          );
      }
    };
    const sample = async () => {
      const missingSince = new Map<string, number>();
      while (!isOver()) {
        const live = (await flink.liveJobs()).filter(({ state }) => state !== "CANCELLING");
        const now = Date.now();
        tally.samples += 1;
        for (const job of new Set(live.map((one) => one.name))) {
          const runs = live.filter((one) => one.name === job);
          if (runs.length > 1)
            tally.doubles.push(`${job}: ${runs.map(({ id, state }) => `${id} ${state}`).join(", ")}`);
        }
        for (const job of jobs) {
          if (live.some((one) => one.name === job)) missingSince.delete(job);
          else missingSince.set(job, missingSince.get(job) ?? now);
          tally.missingMsMax = Math.max(tally.missingMsMax, now - (missingSince.get(job) ?? now));
        }
        await delay(sampleMs);
      }
    };
    await Promise.all([orchestrate(), orchestrate(), cancel(), sample()]);
    process.stdout.write(`two orchestrators, seed ${seed}: ${JSON.stringify(tally)}\n`);
    expect(tally.doubles).toEqual([]);
    expect(tally.kills).toBeGreaterThan(2);
    expect(tally.cancels).toBeGreaterThan(2);
    const last = start();
    try {
      await waitFor(
        "each job runs once",
        async () => {
          const live = await flink.liveJobs();
          return jobs.every(
            (job) =>
              live.filter((one) => one.name === job).length === 1 &&
              live.some((one) => one.name === job && one.state === "RUNNING"),
          );
        },
        { timeoutMs: 120_000 },
      );
    } finally {
      last.kill("SIGKILL");
      await last;
    }
  },
  slowMs,
);
