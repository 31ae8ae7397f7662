// Makes event ids: UUIDv7, so that ids sort by time.
import { randomFillSync } from "node:crypto";
import { v7 as uuidv7 } from "uuid";

const idBytes = 16;

/** Randomness is drawn for many ids at once: a draw costs far more than its bytes. */
export function createIds(pooled = 512): () => string {
  const pool = new Uint8Array(pooled * idBytes);
  let next = pool.length;
  return () => {
    if (next === pool.length) {
      randomFillSync(pool);
      next = 0;
    }
    const random = pool.subarray(next, next + idBytes);
    next += idBytes;
    return uuidv7({ random });
  };
}
