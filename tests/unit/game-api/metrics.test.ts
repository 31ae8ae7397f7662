import { describe, expect, it } from "vitest";
import { failures } from "../../../game-api/delivery.ts";
import { createMetrics } from "../../../game-api/metrics.ts";
import { build } from "./build.ts";

async function buildCounted() {
  const built = await build({ metrics: createMetrics({ waiting: () => 7, waitingMax: 50 }) });
  const text = async () => (await built.app.inject("/metrics")).body;
  return { ...built, text };
}

describe("metrics", () => {
  it("count events by pipeline, type and outcome", async () => {
    const { post, producer, text } = await buildCounted();
    await post("/forge/hammer", { smith_id: "a" });
    await post("/forge/hammer", {});
    await post("/forge/hammer", "{bad");
    await post("/forge", [
      { event_type: "hammer", smith_id: "a" },
      { event_type: "hammer", smith_id: "b" },
      { event_type: "rest", blows: 1 },
      { event_type: "made up by the client" },
      7,
    ]);
    producer.failWith = () => failures.unknown("slow");
    await post("/forge/rest", {});
    const counted = (await text())
      .split("\n")
      .filter((line) => line.startsWith("swordlake_events_total"))
      .map((line) => line.replace('swordlake_events_total{pipeline="forge",', "{"));
    expect(counted.sort()).toEqual([
      '{event_type="hammer",outcome="accepted"} 3',
      '{event_type="hammer",outcome="event_invalid"} 1',
      '{event_type="hammer",outcome="json_invalid"} 1',
      '{event_type="none",outcome="event_invalid"} 1',
      '{event_type="none",outcome="event_type_unknown"} 1',
      '{event_type="rest",outcome="event_invalid"} 1',
      '{event_type="rest",outcome="kafka_timeout_unknown"} 1',
    ]);
  });

  it("time requests by the route's template, also those that nothing serves", async () => {
    const { app, post, text } = await buildCounted();
    await post("/forge/hammer?smith_id=secret", {});
    await app.inject("/secret/path");
    const body = await text();
    expect(body).toContain(
      'swordlake_http_request_seconds_count{route="/forge/hammer",method="POST",status="202"} 1',
    );
    expect(body).toContain('swordlake_http_request_seconds_count{route="none",method="GET",status="404"} 1');
    expect(body).not.toContain("secret");
  });

  it("tell how many events wait, and how many may", async () => {
    const { text } = await buildCounted();
    expect(await text()).toMatch(/^swordlake_events_waiting 7$/m);
    expect(await text()).toMatch(/^swordlake_events_waiting_max 50$/m);
  });
});
