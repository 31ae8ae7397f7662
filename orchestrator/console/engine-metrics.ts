// What Flink and Kafka tell of themselves, for Prometheus: neither needs a port or an agent of its own for it.
import { Gauge, Registry } from "prom-client";
import type { Engines } from "../engines/engines.ts";

type Asked = Pick<Engines, "flink" | "kafka">;

/** Flink's names by ours, of one process or, summed, of all of a kind. */
const jvm = {
  heap_used: "Status.JVM.Memory.Heap.Used",
  heap_max: "Status.JVM.Memory.Heap.Max",
  metaspace_used: "Status.JVM.Memory.Metaspace.Used",
  direct_used: "Status.JVM.Memory.Direct.MemoryUsed",
};
const ofJob = {
  restarts: ["numRestarts", "Restarts of a job since it was submitted"],
  checkpoints: ["numberOfCompletedCheckpoints", "Completed checkpoints of a job since it was submitted"],
  checkpoints_failed: ["numberOfFailedCheckpoints", "Failed checkpoints of a job since it was submitted"],
  checkpoint_ms: ["lastCheckpointDuration", "Milliseconds that a job's last checkpoint took"],
  checkpoint_bytes: ["lastCheckpointFullSize", "Bytes of state in a job's last checkpoint"],
} as const;

async function tellFlink(registry: Registry, flink: Asked["flink"]): Promise<void> {
  const gauge = (name: string, help: string, labelNames: string[]) =>
    new Gauge({ name: `swordlake_flink_${name}`, help, labelNames, registers: [registry] });
  const slots = gauge("slots", "Task slots: all, and free ones", ["state"]);
  const memory = gauge("jvm_bytes", "Memory of Flink's processes, by area", ["process", "area"]);
  const running = gauge("job_running", "1 where a job is RUNNING, 0 where it is in another state", ["job"]);
  const told = Object.entries(ofJob).map(([name, [id, help]]) => ({
    id,
    gauge: gauge(`job_${name}`, help, ["job"]),
  }));
  const { total, free } = await flink.slots();
  slots.set({ state: "all" }, total);
  slots.set({ state: "free" }, free);
  for (const process of ["jobmanager", "taskmanagers"]) {
    const found = await flink.metrics(`/${process}`, Object.values(jvm));
    for (const [area, id] of Object.entries(jvm))
      if (found.has(id)) memory.set({ process, area }, found.get(id)!);
  }
  const ids = told.map(({ id }) => id);
  await Promise.all(
    (await flink.liveJobs()).map(async (job) => {
      running.set({ job: job.name }, job.state === "RUNNING" ? 1 : 0);
      const found = await flink.metrics(`/jobs/${job.id}`, ids);
      // Flink says -1 where there was no checkpoint yet.
      for (const { id, gauge } of told)
        if ((found.get(id) ?? -1) >= 0) gauge.set({ job: job.name }, found.get(id)!);
    }),
  );
}

async function tellKafka(registry: Registry, kafka: Asked["kafka"]): Promise<void> {
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `swordlake_kafka_${name}`, help, labelNames: ["topic"], registers: [registry] });
  const written = gauge("records_written", "Records a topic ever had: the sum of its end offsets");
  const kept = gauge("records_kept", "Offsets of a topic that Kafka still holds");
  const topics = (await kafka.topics()).filter((topic) => !topic.startsWith("__"));
  await Promise.all(
    topics.map(async (topic) => {
      const partitions = await kafka.offsets(topic);
      written.set(
        { topic },
        partitions.reduce((sum, { high }) => sum + high, 0),
      );
      kept.set(
        { topic },
        partitions.reduce((sum, { high, low }) => sum + high - low, 0),
      );
    }),
  );
}

/** The text of GET /metrics/engines, and its content type. An engine that doesn't answer is told as down. */
export async function engineMetrics({ flink, kafka }: Asked): Promise<{ text: string; contentType: string }> {
  const registry = new Registry();
  const up = new Gauge({
    name: "swordlake_engine_up",
    help: "1 where an engine told its metrics, 0 where it did not answer",
    labelNames: ["engine"],
    registers: [registry],
  });
  const [ofFlink, ofKafka] = await Promise.allSettled([
    tellFlink(registry, flink),
    tellKafka(registry, kafka),
  ]);
  up.set({ engine: "flink" }, ofFlink.status === "fulfilled" ? 1 : 0);
  up.set({ engine: "kafka" }, ofKafka.status === "fulfilled" ? 1 : 0);
  return { text: await registry.metrics(), contentType: registry.contentType };
}
