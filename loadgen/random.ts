// Seeded random numbers that can start at any event: the same (seed, event number) always gives the
// same numbers, whatever was drawn before. Not for secrets.

export interface Random {
  /** Starts the series of one event. */
  restart(seed: number, event: number): void;
  /** A whole number from 0 up to, not including, the limit; exact to 2^53. */
  below(limit: number): number;
}

export function createRandom(): Random {
  let state = 0;
  // mulberry32: 32 bits of state are enough, as each event starts a series of its own.
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return (bits ^ (bits >>> 14)) >>> 0;
  };
  return {
    restart(seed, event) {
      state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(event + 1, 0xc2b2ae35);
    },
    below(limit) {
      if (limit <= 2 ** 32) return Math.floor((next() / 2 ** 32) * limit);
      return Math.floor(((next() * 2 ** 21 + (next() >>> 11)) / 2 ** 53) * limit);
    },
  };
}

/** Whether event number n belongs to a share of all events, spread evenly from the phase on. */
export function isInShare(n: number, share: number, phase: number): boolean {
  return Math.floor((n + 1) * share + phase) > Math.floor(n * share + phase);
}
