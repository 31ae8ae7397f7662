// Work that many ask for at once: done once, and never waited for longer than it must be.
import { expect, it } from "vitest";
import { kept, shared } from "../../../orchestrator/once.ts";

/** Work whose end is ours to say. */
function work() {
  const ends: { done: (n: number) => void; fail: (error: Error) => void }[] = [];
  const start = () => new Promise<number>((done, fail) => ends.push({ done, fail }));
  return { ends, start };
}

it("is shared by all who ask while it runs, and begun again after", async () => {
  const { ends, start } = work();
  const ask = shared(start, 0);
  const both = [ask(), ask()];
  expect(ends).toHaveLength(1);
  ends[0]!.done(7);
  expect(await Promise.all(both)).toEqual([7, 7]);
  const next = ask();
  expect(ends).toHaveLength(2);
  ends[1]!.fail(new Error("away"));
  await expect(next).rejects.toThrow("away");
});

it("keeps what was found while it looks again, and forgets it where that fails", async () => {
  const { ends, start } = work();
  const ask = kept(start, 0, 10);
  expect(await ask()).toBeUndefined();
  ends[0]!.done(1);
  await new Promise(setImmediate);
  expect(await ask()).toBe(1);
  expect(await ask()).toBe(1);
  expect(ends).toHaveLength(2);
  ends[1]!.fail(new Error("away"));
  await new Promise(setImmediate);
  expect(await ask()).toBeUndefined();
});
