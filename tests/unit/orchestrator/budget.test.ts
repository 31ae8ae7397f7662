// A job that keeps ending is restarted at once three times, then ever more slowly, and at once again after a quiet time.
import { expect, it } from "vitest";
import { createBudget } from "../../../orchestrator/watch/budget.ts";

it("slows down a job that keeps ending, and no other", () => {
  const budget = createBudget();
  const taken: number[] = [];
  for (let second = 0; second < 200; second += 1)
    if (budget.take("p/landing", second * 1000)) taken.push(second);
  expect(taken).toEqual([0, 1, 2, 4, 8, 16, 32, 64, 124, 184]);
  expect(budget.take("p/log", 200_000)).toBe(true);
});

it("forgets after five minutes", () => {
  const budget = createBudget();
  for (let second = 0; second < 5; second += 1) budget.take("p/landing", second * 1000);
  expect(budget.take("p/landing", 5000)).toBe(false);
  expect(budget.take("p/landing", 305_000)).toBe(true);
  expect(budget.take("p/landing", 305_100)).toBe(true);
});
