// What a row of looks at a pipeline tells that one look can't: its rate, and since when each job stands still or lands
// nothing of what it reads. Pure state.

export interface JobLook {
  name: string;
  /** Sum of the offsets that it has committed. */
  done: number;
  /** Records that wait. */
  lag: number;
  /** When Flink last committed to any of its tables; undefined where that couldn't be seen, or never. */
  landedMs: number | undefined;
  /** When its tables were asked last. */
  seenMs: number | undefined;
}

export interface Look {
  atMs: number;
  /** Records its topics ever had. */
  records: number;
  /** Null where offsets couldn't be seen. */
  jobs: JobLook[] | null;
}

export interface JobProgress {
  /** How long it has committed no offset though records wait; null where none wait or it moves. */
  stillMs: number | null;
  /** How long offsets have moved without a snapshot of any table; null where one came. */
  unlandedMs: number | null;
  /** Records a second since its offsets moved last, where more than that waited all the while; else null. */
  catchUpRate: number | null;
}

const windowMs = 10_000;
const busyTimes = 2;

interface Known {
  done: number;
  atMs: number;
  movedMs: number;
  /** When and where its offsets moved last, and what waited then. */
  movedAtMs: number;
  movedLag: number;
  catchUpRate: number | null;
  unlandedSinceMs: number | undefined;
  seenMs: number | undefined;
}

export interface Progress {
  /** Takes a look in; `rate`, in records a second, is null at the first one. */
  note(pipeline: string, look: Look): { rate: number | null; jobs: Map<string, JobProgress> };
  /** Whether a snapshot is waited for: the lake must be asked. */
  isDue(pipeline: string): boolean;
}

function follow(known: Known | undefined, { done, lag, landedMs, seenMs }: JobLook, atMs: number): Known {
  const hasMoved = known !== undefined && known.done !== done;
  const isStill = known !== undefined && !hasMoved && lag > 0;
  // The snapshot may have been made before the offset was seen, but not before the look before.
  const since = known?.unlandedSinceMs ?? (hasMoved ? known.atMs : undefined);
  const hasLanded = since !== undefined && landedMs !== undefined && landedMs >= since;
  const read = hasMoved ? done - known.done : 0;
  // What has come since the last commit waits at the best of times: only where far more does, it reads as fast as it can.
  const isBusy = hasMoved && read > 0 && Math.min(lag, known.movedLag) > busyTimes * read;
  const catchUpRate = isBusy ? (read / (atMs - known.movedAtMs)) * 1000 : null;
  return {
    done,
    atMs,
    movedAtMs: hasMoved || !known ? atMs : known.movedAtMs,
    movedLag: hasMoved || !known ? lag : known.movedLag,
    catchUpRate,
    movedMs: isStill ? known.movedMs : atMs,
    unlandedSinceMs: hasLanded ? undefined : since,
    seenMs,
  };
}

export function createProgress(): Progress {
  const looks = new Map<string, Look[]>();
  const known = new Map<string, Map<string, Known>>();
  return {
    note(pipeline, look) {
      const kept = (looks.get(pipeline) ?? []).filter(({ atMs }) => atMs >= look.atMs - windowMs);
      kept.push(look);
      looks.set(pipeline, kept);
      const first = kept[0]!;
      const seconds = (look.atMs - first.atMs) / 1000;
      const rate = seconds > 0 ? Math.max(0, (look.records - first.records) / seconds) : null;
      const before = known.get(pipeline);
      if (look.jobs === null) return { rate, jobs: new Map() };
      const after = new Map(
        look.jobs.map((job) => [job.name, follow(before?.get(job.name), job, look.atMs)] as const),
      );
      known.set(pipeline, after);
      const jobs = new Map(
        [...after].map(([name, { movedMs, unlandedSinceMs, seenMs, catchUpRate }]): [string, JobProgress] => [
          name,
          {
            catchUpRate,
            stillMs: movedMs < look.atMs ? look.atMs - movedMs : null,
            // Up to the last answer: that none came while Trino was away says nothing.
            unlandedMs:
              unlandedSinceMs === undefined || seenMs === undefined || seenMs <= unlandedSinceMs
                ? null
                : seenMs - unlandedSinceMs,
          },
        ]),
      );
      return { rate, jobs };
    },
    isDue: (pipeline) =>
      [...(known.get(pipeline)?.values() ?? [])].some(({ unlandedSinceMs }) => unlandedSinceMs !== undefined),
  };
}
