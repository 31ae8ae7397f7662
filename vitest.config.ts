// Four projects: `unit` needs nothing, `integration` and `e2e` a running stack, `containers` Docker.
import { defineConfig } from "vitest/config";

const containers = "tests/integration/containers.test.ts";
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
          exclude: [containers],
          allowOnly: false,
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
