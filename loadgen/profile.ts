// The schedule of an open loop: when each request is due, from a profile such as
// "100/10s,100-2000/30s,5000/2s,500/20s". Pure; the same profile always gives the same times.

/** A stretch in which the rate, in events per second, goes evenly from one value to another. */
export interface Stretch {
  from: number;
  to: number;
  seconds: number;
}

export type Profile = Stretch[];

const unitSeconds: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600 };
const stretchForm = /^(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?\/(\d+(?:\.\d+)?)(ms|s|m|h)$/;
const groupForm = /\(([^()]*)\)\*(\d+)/g;
const stretchesMax = 10_000;
export const profileCure =
  "rate/duration with commas between, such as 100/10s,100-2000/30s,5000/2s: events per second, " +
  "a ramp as rate-rate, durations in ms, s, m or h; (500/20s,5000/2s)*3 repeats";

const eventsIn = ({ from, to, seconds }: Stretch) => ((from + to) / 2) * seconds;

export const eventsOfProfile = (profile: Profile): number =>
  Math.floor(profile.reduce((sum, stretch) => sum + eventsIn(stretch), 0) + 1e-6);

export const secondsOfProfile = (profile: Profile): number =>
  profile.reduce((sum, { seconds }) => sum + seconds, 0);

/** Throws an error that says which part is wrong. */
export function parseProfile(text: string): Profile {
  const flat = text.replace(/\s+/g, "").replace(groupForm, (_, inner: string, times: string) => {
    if (Number(times) < 1 || Number(times) * inner.split(",").length > stretchesMax)
      throw new Error(`'*${times}' repeats too little or too often`);
    return new Array(Number(times)).fill(inner).join(",");
  });
  const profile = flat.split(",").map((part): Stretch => {
    const [, from, to = from, amount, unit] = stretchForm.exec(part) ?? [];
    const seconds = Number(amount) * unitSeconds[unit ?? ""]!;
    if (!from || !(seconds > 0)) throw new Error(`'${part}' is no rate/duration`);
    return { from: Number(from), to: Number(to), seconds };
  });
  if (eventsOfProfile(profile) < 1) throw new Error("it has less than one event");
  return profile;
}

/** One rate for so many events. */
export const steadyProfile = (rate: number, events: number): Profile => [
  { from: rate, to: rate, seconds: events / rate },
];

/** Seconds into a stretch at which n of its events have come. */
const timeOf = (n: number, { from, to, seconds }: Stretch) =>
  n === 0 ? 0 : (2 * n) / (from + Math.sqrt(from * from + (2 * n * (to - from)) / seconds));

/**
 * When each request is due, in ms from the start: request k, from 0, when k * batch events have come.
 * Ends with the profile.
 */
export function* dueTimes(profile: Profile, batch: number): Generator<number, void> {
  let startSeconds = 0;
  let before = 0;
  let k = 0;
  for (const stretch of profile) {
    const inside = eventsIn(stretch);
    for (; k * batch < before + inside - 1e-6; k++)
      yield (startSeconds + timeOf(k * batch - before, stretch)) * 1000;
    before += inside;
    startSeconds += stretch.seconds;
  }
}
