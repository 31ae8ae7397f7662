// Schedules: cron expressions in UTC, or "never".
import { Cron } from "croner";

/** Stands for no schedule: a command alone does it. */
const never = "never";

/** The first moment after `since` that a schedule names; undefined where there is none. Throws what is no schedule. */
export function nextRun(schedule: string, since: Date): Date | undefined {
  if (schedule === never) return undefined;
  return new Cron(schedule, { timezone: "UTC", paused: true }).nextRun(since) ?? undefined;
}

/** Every moment that a schedule names after `since` and until `now`, in order. */
export function momentsOf(schedule: string, since: Date, now: Date): Date[] {
  const moments: Date[] = [];
  let next = nextRun(schedule, since);
  while (next && next <= now) {
    moments.push(next);
    next = nextRun(schedule, next);
  }
  return moments;
}

/** What is wrong with a schedule, with the cure: `example` is one that fits. Empty where it is right. */
export function scheduleProblems(schedule: string, example: string): string[] {
  try {
    nextRun(schedule, new Date());
    return [];
  } catch (error) {
    const reason = (error as Error).message.replace(/\.$/, "");
    return [`schedule: '${schedule}': ${reason}. Give a cron expression such as ${example}, or 'never'.`];
  }
}
