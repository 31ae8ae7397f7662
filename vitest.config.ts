// Projects: `unit` needs nothing, `integration`, `alone` and `e2e` a running stack, `containers` Docker.
import { defineConfig } from "vitest/config";

const containers = "tests/integration/containers.test.ts";
/** Integration tests that measure time, or break what others run on. */
const alone = [
  "alerts.test.ts",
  "edge-processes.test.ts",
  "forget.test.ts",
  "hostile.test.ts",
  "loadgen/*.test.ts",
  "two-orchestrators.test.ts",
  "watch.test.ts",
].map((file) => `tests/integration/${file}`);
const stack = { globalSetup: "./tests/support/stack.ts" };
const minuteMs = 60_000;

export default defineConfig({
  test: {
    passWithNoTests: false,
    allowOnly: false,
    projects: [
      {
        // Property tests do much; a busy machine is no fault of theirs.
        test: {
          name: "unit",
          include: ["tests/unit/**/*.test.ts"],
          allowOnly: false,
          testTimeout: minuteMs / 2,
        },
      },
      {
        test: {
          ...stack,
          name: "integration",
          include: ["tests/integration/**/*.test.ts"],
          exclude: [containers, ...alone],
          allowOnly: false,
          // They wait a third of their time, for commits and starts.
          maxWorkers: 2,
          testTimeout: 2 * minuteMs,
          hookTimeout: 2 * minuteMs,
        },
      },
      {
        test: {
          ...stack,
          name: "alone",
          include: alone,
          allowOnly: false,
          fileParallelism: false,
          testTimeout: minuteMs,
          hookTimeout: minuteMs,
        },
      },
      {
        test: {
          ...stack,
          name: "e2e",
          include: ["tests/e2e/**/*.test.ts"],
          allowOnly: false,
          fileParallelism: false,
          testTimeout: 10 * minuteMs,
          hookTimeout: 10 * minuteMs,
        },
      },
      {
        test: {
          name: "containers",
          include: [containers],
          allowOnly: false,
          fileParallelism: false,
          testTimeout: 15 * minuteMs,
          hookTimeout: 15 * minuteMs,
        },
      },
    ],
  },
});
