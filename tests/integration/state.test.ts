// The table of changes in docs/state.md: what becomes of a job's state, by verdict, in plain Flink SQL, and here, each
// compared with a clean run of the new SQL over all rows.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { surroundingsOf } from "../../orchestrator/state/surroundings.ts";
import { judgePlans, type Verdict } from "../../orchestrator/state/verdict.ts";
import { isolated, services } from "../support/services.ts";
import { type Base, bases, type Change, type JobSql, type Out } from "../support/state-changes.ts";
import { type Seen, stateDocument } from "../support/state-document.ts";
import { type Bench, openBench, type Ran, type Written } from "../support/state-runs.ts";

const slowMs = 10 * 60_000;
/** Of jobs at a time: the tests beside this one need slots too. */
const jobsMax = 10;
let bench: Bench;

const startedAt = Date.UTC(2026, 0, 1);
/** No window that ends later has closed when the savepoints are taken. */
const boundary = new Date(startedAt + 40_000).toISOString().replace("T", " ").slice(0, 19);
const countries = ["no", "se", "fi", "dk"];
const click = (event_id: string, at: number) => ({
  event_id,
  user_id: `u${at % 6}`,
  country: countries[at % 4],
  amount: (at * 17) % 50,
  price: at,
  event_time: new Date(startedAt + at * 1000).toISOString(),
});
const first = Array.from({ length: 40 }, (_, at) => click(`a${at}`, at));
const second = [
  // Copies of what was there: a job that forgot it would take them for new.
  ...first.slice(10, 20),
  ...Array.from({ length: 40 }, (_, at) => click(`b${at}`, at + 40)),
  // Closes every window.
  {
    ...click("end", 0),
    user_id: "zz",
    country: "zz",
    event_time: new Date(startedAt + 86_400_000).toISOString(),
  },
];
const users = Array.from({ length: 6 }, (_, at) => ({
  event_id: `user${at}`,
  user_id: `u${at}`,
  country: countries[at % 4],
  tier: `tier${at % 3}`,
}));

/** Rows that a table holds after its changes: one by key, or all of them. */
function content(changes: Written[], { key }: Out): Map<string, string> {
  const held = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const { isAdded, row } of changes) {
    const text = JSON.stringify(row);
    if (key) {
      const of = key.map((column) => row[column]).join("|");
      if (isAdded) held.set(of, text);
      else if (held.get(of) === text) held.delete(of);
    } else counts.set(text, (counts.get(text) ?? 0) + (isAdded ? 1 : -1));
  }
  return key
    ? held
    : new Map([...counts].filter(([, n]) => n !== 0).map(([text, n]) => [text, `${n} times`]));
}

/** Of a clean run: what the second half of the rows made. Of keyed tables: all. */
const isOfSecond = ({ row }: Written, { key }: Out) =>
  row.k === "zz" || row.k === "ZZ"
    ? false
    : key
      ? true
      : "until" in row
        ? String(row.until) >= boundary
        : String(row.event_id).startsWith("b");

/** Whether a table is as a clean run makes it: rows of the old version that stay are part of it. */
function isRight(out: Out, table: string, before: Ran, after: Ran, clean: Ran): boolean {
  if (before.outcome !== "ran" || after.outcome !== "ran" || clean.outcome !== "ran") return false;
  const isShown = (written: Written) => isOfSecond(written, out);
  const columns = (changes: Written[]) => JSON.stringify(Object.keys(changes[0]?.row ?? {}));
  const [old, now, right] = [before, after, clean].map(({ changes }) => changes[table] ?? []) as [
    Written[],
    Written[],
    Written[],
  ];
  const stays = out.key && columns(old) === columns(now) ? old.filter(isShown) : [];
  // Rows of the first half that come again are never right, so they are not left out here.
  const seen = content(
    [...stays, ...now.filter((one) => isShown(one) || /^a/.test(String(one.row.event_id)))],
    out,
  );
  const wanted = content(right.filter(isShown), out);
  return seen.size === wanted.size && [...wanted].every(([name, row]) => seen.get(name) === row);
}

const rightOf = (sql: JobSql, before: Ran, after: Ran, clean: Ran) =>
  Object.entries(sql.outs).every(([table, out]) => isRight(out, table, before, after, clean));

interface Before {
  plain: Ran;
  ours: Ran;
  plan: string;
}

async function runBefore({ name, before }: Base): Promise<Before> {
  const plan = await bench.compile(before, `${name}.before.ours`);
  const [plain, ours] = await Promise.all([
    bench.start({ sql: before, run: `${name}.before.plain` }),
    bench.start({ sql: before, run: `${name}.before.ours`, plan }),
  ]);
  return { plain, ours, plan };
}

const described = (sql: JobSql, run: string) =>
  surroundingsOf({ settings: sql.settings ?? {}, statements: bench.statements(sql, run) });

async function tryChange(base: Base, { what, after }: Change, old: Before, run: string): Promise<Seen> {
  for (const ran of [old.plain, old.ours])
    if (ran.outcome !== "ran") throw new Error(`${base.name} never ran: ${ran.reason}`);
  if (old.plain.outcome !== "ran" || old.ours.outcome !== "ran") throw new Error("unreachable");
  const plan = await bench.compile(after, `${run}.ours`);
  const verdict: Verdict = judgePlans(
    { plan: old.plan, ...described(base.before, run) },
    { plan, ...described(after, run) },
  );
  const isRun = verdict.overall !== "rebuilds";
  const [plain, clean, ours] = await Promise.all([
    bench.start({ sql: after, run: `${run}.plain`, savepoint: old.plain.savepoint }),
    bench.start({ sql: after, run: `${run}.clean`, isBounded: true }),
    isRun
      ? bench.start({
          sql: after,
          run: `${run}.ours`,
          plan: verdict.plan,
          savepoint: old.ours.savepoint,
          leavesState: verdict.leavesState,
        })
      : undefined,
  ]);
  if (clean.outcome !== "ran") throw new Error(`The clean run of ${base.name}, ${what}: ${clean.reason}`);
  return {
    job: base.about,
    what,
    verdict,
    plain:
      plain.outcome === "ran" ? (rightOf(after, old.plain, plain, clean) ? "right" : "wrong") : plain.outcome,
    ours: ours
      ? ours.outcome === "ran"
        ? rightOf(after, old.ours, ours, clean)
          ? "right"
          : "wrong"
        : ours.outcome
      : "not run",
    reasons: [plain, ours].map((ran) => (ran && ran.outcome !== "ran" ? ran.reason : "")),
  };
}

describe("the table of changes", () => {
  const seen: Seen[] = [];

  beforeAll(async () => {
    bench = await openBench(await services(), isolated("state"), jobsMax);
    await bench.send("users", users);
    await bench.send("clicks", first);
    const before = await Promise.all(bases.map(async (base) => ({ base, old: await runBefore(base) })));
    await bench.send("clicks", second);
    const tried = before.flatMap(({ base, old }) =>
      base.changes.map((change, at) => tryChange(base, change, old, `${base.name}.${at}`)),
    );
    seen.push(...(await Promise.all(tried)));
  }, slowMs);
  afterAll(() => bench?.close());

  it("has no row in which state is kept and rows differ from a clean run", () => {
    expect(seen.filter(({ ours }) => ours !== "right" && ours !== "not run")).toEqual([]);
  });

  it("has 25 changes or more, six or more in which plain Flink SQL refuses, fails or is wrong and this is right", () => {
    expect(seen.length).toBeGreaterThanOrEqual(25);
    const better = seen.filter(({ plain, ours }) => plain !== "right" && ours === "right");
    const silent = seen.filter(({ plain, ours }) => plain === "wrong" && ours === "not run");
    expect(better.length + silent.length).toBeGreaterThanOrEqual(6);
    expect(better.length).toBeGreaterThan(0);
    expect(silent.length).toBeGreaterThan(0);
  });

  it("is what docs/state.md says; 'npm test -- state -u' writes it anew", async () => {
    await expect(stateDocument(seen)).toMatchFileSnapshot("../../docs/state.md");
  });
});
