// The orchestrator's memory on real Postgres: jobs, history, and the lease that only one holds.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore, type RecordedJob, type Store } from "../../orchestrator/engines/store.ts";
import { isolated, services } from "../support/services.ts";

let store: Store;
let other: Store;

beforeAll(async () => {
  const { postgres } = await services();
  [store, other] = await Promise.all([openStore(postgres, "one"), openStore(postgres, "two")]);
});

afterAll(async () => {
  await Promise.all([store.close(), other.close()]);
});

const job = (name: string): RecordedJob => ({
  name,
  pipeline: "integration",
  sqlHash: "1",
  definition: {
    settings: { a: "b" },
    statements: [{ text: "INSERT", source: "x.sql:1" }],
    groups: { t: ["g"] },
  },
  desired: "stopped",
  flinkJobId: null,
  restorePath: null,
});

describe("store", () => {
  it("gives a job back as it was written, and the newest where it was written twice", async () => {
    const name = isolated("a job");
    await store.saveJob(job(name));
    await store.saveJob({ ...job(name), sqlHash: "2", restorePath: "file:///x" });
    const kept = (await other.jobs()).filter((known) => known.name === name);
    expect(kept).toEqual([{ ...job(name), sqlHash: "2", restorePath: "file:///x" }]);
  });

  it("refuses a state that isn't one", async () => {
    const wrong = { ...job(isolated("wrong")), desired: "dancing" } as unknown as RecordedJob;
    await expect(store.saveJob(wrong)).rejects.toThrow(/desired/);
  });

  it("lets one act at a time: the other waits, or goes without", async () => {
    const order: string[] = [];
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let begun = () => {};
    const begins = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const first = store.withLease(async () => {
      begun();
      order.push("first in");
      await held;
      order.push("first out");
    }, true);
    await begins;
    expect(await other.withLease(async () => "acted", false)).toBeUndefined();
    const second = other.withLease(async () => order.push("second in"), true);
    release();
    await Promise.all([first, second]);
    expect(order).toEqual(["first in", "first out", "second in"]);
  });

  it("frees the lease where the work throws", async () => {
    await expect(store.withLease(() => Promise.reject(new Error("broke")), true)).rejects.toThrow("broke");
    expect(await other.withLease(async () => "acted", true)).toBe("acted");
  });
});
