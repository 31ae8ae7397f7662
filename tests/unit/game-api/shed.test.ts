// A busy API over real sockets of loopback: its quick refusal says what the framework's own says.
import axios from "axios";
import { afterEach, describe, expect, it, vi } from "vitest";
import { windDown } from "../../../game-api/drain.ts";
import type { Metrics } from "../../../game-api/metrics.ts";
import { build } from "./build.ts";

let close: (() => Promise<unknown>) | undefined;
afterEach(() => close?.());

async function listening() {
  const state = { isBusy: true };
  const answered = vi.fn();
  const metrics = { answered, received() {}, events() {} } as unknown as Metrics;
  const { app, producer } = await build({ isBusy: () => state.isBusy, metrics });
  close = () => app.close();
  const baseURL = await app.listen({ host: "127.0.0.1", port: 0 });
  const client = axios.create({
    baseURL,
    validateStatus: () => true,
    headers: { "content-type": "application/json" },
  });
  const hammer = (headers: Record<string, string> = {}, path = "/forge/hammer") =>
    client.post(path, '{"smith_id":"s"}', { headers });
  return { app, state, answered, producer, client, hammer };
}

describe("events that come while the API is busy", () => {
  it("are answered as the framework would, header by header, and counted", async () => {
    const { hammer, answered, producer } = await listening();
    const id = { "x-request-id": "mine-1" };
    const quick = await hammer(id);
    // What a browser sends takes the framework's way.
    const own = await hammer({ ...id, origin: "https://example.org" });
    expect(quick.status).toBe(503);
    expect(quick.data).toEqual({ code: "busy", message: expect.any(String), request_id: "mine-1" });
    expect(quick.headers["retry-after"]).toBe("1");
    // The framework leaves it unsaid that the connection stays.
    const told = ({ status, data, headers }: typeof quick) => {
      const { connection: _, "keep-alive": __, date: ___, ...rest } = headers;
      return { status, data, ...rest };
    };
    expect(told(quick)).toEqual(told(own));
    expect(answered.mock.calls.map(([route, method, status]) => [route, method, status])).toEqual([
      ["/forge/hammer", "POST", 503],
      ["/forge/hammer", "POST", 503],
    ]);
    expect(producer.records).toEqual([]);
  });

  it("get an id of their own each, in batches and by query too", async () => {
    const { hammer } = await listening();
    const answers = [
      await hammer(),
      await hammer({}, "/forge"),
      await hammer({}, "/forge/hammer?smith_id=s"),
    ];
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
    expect(new Set(answers.map(({ data }) => data.request_id)).size).toBe(3);
    for (const { data, headers } of answers) expect(headers["x-request-id"]).toBe(data.request_id);
  });

  it("are taken again as soon as it is not", async () => {
    const { hammer, state } = await listening();
    expect((await hammer()).status).toBe(503);
    state.isBusy = false;
    expect((await hammer()).status).toBe(202);
  });

  it("don't hide what is wrong with a request, nor what takes no events", async () => {
    const { client, hammer } = await listening();
    expect((await client.get("/health")).status).toBe(200);
    expect((await client.get("/forge/hammer")).status).toBe(405);
    expect((await hammer({}, "/forge/nothing")).status).toBe(404);
    expect((await hammer({}, `/forge/hammer?smith_id=${"a".repeat(9000)}`)).status).toBe(414);
  });

  it("end their connection where the API is on its way out", async () => {
    const { app, hammer } = await listening();
    const stopped = new Promise<void>(() => {});
    const ended = windDown(app, stopped);
    expect((await hammer()).headers.connection).toBe("close");
    close = () => ended;
  });
});
