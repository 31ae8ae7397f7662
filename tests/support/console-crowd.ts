// A crowd for the console: answers of the running orchestrator made as large as a busy team's, and how the page bears it.
import type { CDPSession, Page } from "playwright-core";
import type { Lineage, Overview, PipelinePage } from "../../orchestrator/console/api.ts";

/** How many jobs each pipeline gets. */
export const crowd = { pipelines: 5, jobs: 50 };

const numbered = (name: string, at: number) => `${name}_${String(at).padStart(2, "0")}`;

function widen(overview: Overview): Overview {
  const real = overview.pipelines;
  const pipelines = Array.from({ length: crowd.pipelines }, (_, at) => {
    const like = real[at % real.length]!;
    const name = real[at]?.name ?? numbered(like.name, at);
    const jobs = Array.from({ length: crowd.jobs }, (_, n) => ({
      name: `${name}/${numbered("job", n)}`,
      state: "RUNNING",
      // Never the same twice: each answer has the page draw again.
      lag: Math.floor(Math.random() * 1e6),
    }));
    const tables = jobs.map(({ name }, n) => ({
      name: numbered("table", n),
      rows: String(name.length * 1000),
      snapshot: String(9_007_199_254_740_993n + BigInt(n)),
      committedAt: new Date().toISOString(),
    }));
    return { ...like, name, jobs, tables };
  });
  return { ...overview, pipelines };
}

/** One topic, each job from it into a table of its own, each table into a report. */
function widenLineage(name: string): Lineage {
  const nodes: Lineage["nodes"] = [
    { id: `topic:${name}.events`, kind: "topic", name: `${name}.events`, title: "" },
  ];
  const edges: Lineage["edges"] = [];
  for (let at = 0; at < crowd.jobs; at += 1) {
    const [job, table, report] = [
      `job:${name}/${numbered("job", at)}`,
      `table:${numbered("table", at)}`,
      `report:${numbered("report", at)}`,
    ];
    nodes.push({ id: job, kind: "job", name: job.slice(4), title: "" });
    nodes.push({ id: table, kind: "table", name: table.slice(6), title: "" });
    nodes.push({ id: report, kind: "report", name: report.slice(7), title: `A report ${at}` });
    edges.push([nodes[0]!.id, job], [job, table], [table, report]);
  }
  return { nodes, edges };
}

/** From now on the page sees a crowd: the running orchestrator's answers, widened on their way. */
export async function crowdPage(page: Page): Promise<void> {
  const widened = (url: string | RegExp, widen: (answer: unknown) => unknown) =>
    page.route(url, async (route) => {
      try {
        const response = await route.fetch();
        const headers = { ...response.headers(), etag: `"${Math.random()}"` };
        await route.fulfill({ response, headers, json: widen(await response.json()) });
      } catch {
        // The page has gone on meanwhile: nobody waits for this answer.
      }
    });
  await widened("**/api/overview", (answer) => widen(answer as Overview));
  await widened(/\/api\/pipelines\/[a-z0-9_]+$/, (answer) => {
    const facts = answer as PipelinePage;
    return { ...facts, lineage: widenLineage(facts.name) };
  });
}

/** Notes tasks that hold the page up for 50 ms or more, and how far frames lie apart while it is scrolled. */
export async function watchPage(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const seen = globalThis as unknown as { longTasks: number[] };
    seen.longTasks = [];
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.longTasks.push(Math.round(duration));
    }).observe({ type: "longtask" as never, buffered: true });
  });
}

/** The long tasks since it was asked last, in ms. */
export const longTasks = (page: Page): Promise<number[]> =>
  page.evaluate(() => (globalThis as unknown as { longTasks: number[] }).longTasks.splice(0));

/** Scrolls from top to bottom, a step each frame. Gives the time between frames in ms. */
export const scrollFrames = (page: Page, steps = 60): Promise<number[]> =>
  page.evaluate(
    (count) =>
      new Promise<number[]>((resolve) => {
        const root = (
          globalThis as unknown as {
            document: { scrollingElement: { scrollHeight: number; scrollTop: number } };
          }
        ).document.scrollingElement;
        const next = (
          globalThis as unknown as { requestAnimationFrame: (then: (at: number) => void) => void }
        ).requestAnimationFrame;
        const frames: number[] = [];
        let last: number | undefined;
        const step = (at: number) => {
          if (last !== undefined) frames.push(at - last);
          last = at;
          root.scrollTop = (root.scrollHeight * frames.length) / count;
          if (frames.length < count) next(step);
          else resolve(frames);
        };
        next(step);
      }),
    steps,
  );

export interface Held {
  /** Of JavaScript, after collecting what nobody holds. */
  heapMiB: number;
  domNodes: number;
  listeners: number;
}

/** What the page holds on to. */
export async function heldBy(session: CDPSession): Promise<Held> {
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  const { nodes, jsEventListeners } = await session.send("Memory.getDOMCounters");
  return { heapMiB: usedSize / 1024 ** 2, domNodes: nodes, listeners: jsEventListeners };
}

/** Milliseconds that the page's thread has worked since it was opened; what waits or sleeps is no part of it. */
export async function workMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return 1000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0);
}

export const median = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
