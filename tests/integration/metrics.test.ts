// What Prometheus and Grafana are told to ask for, asked of the running stack: files in docs/ that must not rot.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import axios from "axios";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { repository } from "../../stack/config.ts";
import { isolated, type Services, services } from "../support/services.ts";

interface Scrape {
  job_name: string;
  metrics_path?: string;
  static_configs: { targets: string[] }[];
}

const read = (name: string) => readFileSync(join(repository, "docs/grafana", name), "utf8");
/** As prometheus.yml has them: the ports of an instance that found them free. */
const usualPorts: Record<string, "api" | "console"> = { 4000: "api", 4001: "console" };

let running: Services;
const told = new Map<string, string>();

beforeAll(async () => {
  running = await services();
  const event = { user_id: isolated("scraped"), guild_name: "Nightwatch" };
  expect((await axios.post(`${running.api}/game/join_guild`, event)).status).toBe(202);
  const { scrape_configs } = parse(read("prometheus.yml")) as { scrape_configs: Scrape[] };
  for (const { job_name, metrics_path = "/metrics", static_configs } of scrape_configs) {
    const port = new URL(`http://${static_configs[0]!.targets[0]}`).port;
    const answer = await axios.get(`${running.connection.addresses[usualPorts[port]!]}${metrics_path}`);
    expect(answer.headers["content-type"]).toMatch(/^text\/plain/);
    told.set(job_name, answer.data);
  }
});

describe("docs/grafana", () => {
  it("asks for no metric that the stack doesn't tell", () => {
    const known = new Set(
      [...told.values()].flatMap((text) => [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name)),
    );
    const { panels, templating } = JSON.parse(read("swordlake.json"));
    const asked: string[] = [
      ...panels.flatMap(({ targets }: { targets: { expr: string }[] }) => targets.map(({ expr }) => expr)),
      ...templating.list.flatMap(({ definition }: { definition?: string }) => definition ?? []),
    ];
    const names = new Set(asked.flatMap((text) => text.match(/\b(swordlake|process)_\w+/g) ?? []));
    expect(names.size).toBeGreaterThan(15);
    const base = (name: string) => name.replace(/_(bucket|count|sum)$/, "");
    expect([...names].filter((name) => !known.has(name) && !known.has(base(name)))).toEqual([]);
  });

  it("gets figures of Flink's jobs and Kafka's topics that are true", () => {
    const engines = told.get("engines")!;
    const value = (line: string) => Number(new RegExp(`^${line} (\\S+)$`, "m").exec(engines)?.[1]);
    expect(value('swordlake_engine_up\\{engine="flink"\\}')).toBe(1);
    expect(value('swordlake_engine_up\\{engine="kafka"\\}')).toBe(1);
    expect(value('swordlake_flink_job_running\\{job="game/landing"\\}')).toBe(1);
    expect(value('swordlake_flink_job_checkpoints\\{job="game/landing"\\}')).toBeGreaterThan(0);
    expect(value('swordlake_flink_job_checkpoint_bytes\\{job="game/landing"\\}')).toBeGreaterThan(0);
    expect(value('swordlake_kafka_records_written\\{topic="game.events"\\}')).toBeGreaterThan(0);
    for (const process of ["jobmanager", "taskmanagers"])
      expect(value(`swordlake_flink_jvm_bytes\\{process="${process}",area="heap_used"\\}`)).toBeGreaterThan(
        1e6,
      );
    expect(value('swordlake_flink_slots\\{state="all"\\}')).toBeGreaterThanOrEqual(
      value('swordlake_flink_slots\\{state="free"\\}'),
    );
  });
});
