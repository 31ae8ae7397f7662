// Flink's REST API: a real job is seen, stopped with a savepoint, and restored from it.
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createFlink, newestCheckpoint } from "../../orchestrator/engines/flink.ts";
import { openSession } from "../../orchestrator/engines/gateway.ts";
import { connectKafka } from "../../orchestrator/engines/kafka.ts";
import { waitFor } from "../../stack/wait.ts";
import { writeRaw } from "../support/raw-kafka.ts";
import { isolated, services } from "../support/services.ts";

const ticking = "(n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '10')";

/** A job with a checkpoint each 300 ms that reads a table and keeps nothing. */
async function submit(gateway: string, name: string, source = ticking, restore?: string): Promise<string> {
  const session = await openSession(gateway, {
    "pipeline.name": name,
    "execution.checkpointing.interval": "300 ms",
    ...(restore ? { "execution.state-recovery.path": restore } : {}),
  });
  try {
    await session.execute(`CREATE TEMPORARY TABLE source ${source}`);
    await session.execute("CREATE TEMPORARY TABLE sink (n BIGINT) WITH ('connector' = 'blackhole')");
    return (await session.execute("INSERT INTO sink SELECT n FROM source")).jobId!;
  } finally {
    await session.close();
  }
}

describe("Flink", () => {
  it("tells its version and slots", async () => {
    const flink = createFlink((await services()).flink);
    expect(await flink.version()).toMatch(/^\d+\.\d+\.\d+$/);
    expect((await flink.slots()).total).toBeGreaterThan(0);
  });

  it("stops a job with a savepoint, restores it, and finds the newest checkpoint", async () => {
    const { flink: address, gateway, connection } = await services();
    const flink = createFlink(address);
    const name = isolated("savepoint");
    const first = await submit(gateway, name);
    await waitFor("the job runs", async () => (await flink.state(first)) === "RUNNING");
    await waitFor("a checkpoint", async () => newestCheckpoint(connection.checkpoints, first) !== undefined);
    expect((await flink.liveJobs()).find((job) => job.name === name)?.id).toBe(first);
    const savepoint = await flink.stopWithSavepoint(first);
    expect(existsSync(new URL(`${savepoint.replace(/^file:(?!\/\/)/, "file://")}/_metadata`))).toBe(true);
    expect((await flink.liveJobs()).some((job) => job.name === name)).toBe(false);
    const second = await submit(gateway, name, ticking, savepoint);
    // Asked at once, while its JobMaster begins: Flink itself answers with an error then.
    expect(await flink.vitals(second)).toMatchObject({ failedAt: [] });
    expect(await flink.newestCheckpointId(second)).toBeGreaterThanOrEqual(0);
    await waitFor("the restored job runs", async () => (await flink.state(second)) === "RUNNING");
    await flink.cancel(second);
    expect(await flink.state(second)).toBe("CANCELED");
  });

  it("commits the offset of a quiet topic's record within a few checkpoints", async () => {
    const { flink: address, gateway, kafka: bootstrap } = await services();
    const [flink, kafka] = [createFlink(address), await connectKafka(bootstrap)];
    const name = isolated("offsets");
    await kafka.createTopic(name, 1, 3_600_000);
    const job = await submit(
      gateway,
      name,
      `(n BIGINT) WITH ('connector' = 'kafka', 'topic' = '${name}', 'properties.bootstrap.servers' = '${bootstrap}', ` +
        `'properties.group.id' = '${name}', 'scan.startup.mode' = 'earliest-offset', 'format' = 'json')`,
    );
    const committed = async () => (await kafka.committed(name, name, [0])).get(0);
    await writeRaw(bootstrap, name, ['{"n":1}']);
    await waitFor("the first record is committed", async () => (await committed()) === 1);
    await writeRaw(bootstrap, name, ['{"n":2}']);
    const before = (await flink.vitals(job)).checkpoints;
    await waitFor("the second one is committed", async () => (await committed()) === 2);
    // The connector as it is released waits 10 s for the next record first: thirty checkpoints.
    expect((await flink.vitals(job)).checkpoints - before).toBeLessThanOrEqual(12);
    await flink.cancel(job);
    await kafka.close();
  });

  it("gives no checkpoint for a job that left none", async () => {
    const { connection } = await services();
    expect(newestCheckpoint(connection.checkpoints, "0".repeat(32))).toBeUndefined();
  });
});
