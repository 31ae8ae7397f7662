// Who is at a rebuild, and what must not write to a pipeline's tables meanwhile.
import type { Store } from "../engines/store.ts";

/** While it is held, the rebuild of that job has an owner: nobody else clears its stage. */
export const ownerLease = (job: string): string => `rebuild ${job}`;

export const hasOwner = async ({ withLease }: Store, job: string): Promise<boolean> =>
  (await withLease(async () => true, false, ownerLease(job))) === undefined;

/** Names of the leases of everything that brings rows of its own into a pipeline's tables. */
export const writerLeases = (pipeline: string): string[] => [`backfill ${pipeline}`, `replay ${pipeline}`];

/** Runs `work` holding all leases; undefined, with nothing done, where another holds one of them. */
export function whileHeld<T>(
  store: Store,
  [lease, ...others]: string[],
  work: () => Promise<T>,
): Promise<{ done: T } | undefined> {
  if (lease === undefined) return work().then((done) => ({ done }));
  return store.withLease(() => whileHeld(store, others, work), false, lease);
}
