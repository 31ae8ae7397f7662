// What is said where there is nothing to show: that it is asked for, or why it can't be had.
import type { Asked } from "../hooks.ts";

export function Problem({ error }: { error: Error }) {
  return (
    <div class="problem" role="alert">
      <pre>{error.message}</pre>
    </div>
  );
}

/** One of the two for what was asked; nothing where it is there and well. */
export function Waiting({ asked, what }: { asked: Asked<unknown>; what: string }) {
  if (asked.error) return <Problem error={asked.error} />;
  if (asked.value === undefined)
    return (
      <p class="quiet" role="status">
        Asking for {what} …
      </p>
    );
  return null;
}
