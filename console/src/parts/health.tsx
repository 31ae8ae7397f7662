// A pipeline's health as a mark: a shape and a colour, and the word for those who see neither.
import type { Health } from "../../../orchestrator/console/api.ts";

const shapes: Record<Health, string> = {
  healthy: "M8 1.5a6.500 6.500 0 1 0 0 13a6.500 6.500 0 1 0 0-13z",
  lagging: "M8 1.500 15 14H1z",
  stalled: "M2 2h12v12H2z",
  failing:
    "M3.500 1 8 5.500 12.500 1 15 3.500 10.500 8 15 12.500 12.500 15 8 10.500 3.500 15 1 12.500 5.500 8 1 3.500z",
  stopped: "M2 6h12v4H2z",
  unknown: "M8 1 15 8 8 15 1 8z",
};

export function HealthMark({ health }: { health: Health }) {
  return (
    <svg class={`mark ${health}`} viewBox="0 0 16 16" width="12" height="12" role="img" aria-label={health}>
      <path d={shapes[health]} />
    </svg>
  );
}

/** The mark with its word. */
export function HealthWord({ health }: { health: Health }) {
  return (
    <span class={`health ${health}`}>
      <svg class={`mark ${health}`} viewBox="0 0 16 16" width="12" height="12" aria-hidden="true">
        <path d={shapes[health]} />
      </svg>
      {health}
    </span>
  );
}
