// What was done and what happened, newest first, a page at a time.
import { useState } from "preact/hooks";
import type { TimelinePage as Facts, Overview, TimelineEntry } from "../../../orchestrator/console/api.ts";
import { toVisible } from "../../../orchestrator/reports/result.ts";
import { useAsked, useNow } from "../hooks.ts";
import { useLive } from "../live.ts";
import { Waiting } from "../parts/notice.tsx";
import { ago, count, time } from "../words.ts";

const size = 50;
const kinds = ["deploy", "restart", "alert", "key", "care", "other"] as const;

/** Of a path its end, which tells one savepoint or checkpoint from another. */
const said = (value: unknown) =>
  typeof value === "string"
    ? value.replace(/^(?:file|s3|hdfs):.*\/(?=[^/])/, "… ")
    : (JSON.stringify(value) ?? "");

function Entry({ entry, now }: { entry: TimelineEntry; now: number }) {
  const { at, kind, who, action, subject, detail } = entry;
  const facts = Object.entries(detail).filter(([, value]) => value !== null && value !== "");
  return (
    <li class={`happening ${kind}`}>
      <span class="tag">{kind}</span>
      <div>
        <p>
          <strong>
            {toVisible(action)} {toVisible(subject)}
          </strong>{" "}
          <span class="quiet">
            by {toVisible(who)}, <time dateTime={at}>{time(at)}</time>, {ago(at, now)}
          </span>
        </p>
        {facts.length > 0 && (
          <p class="quiet facts-line">
            {facts.map(([name, value]) => `${name} ${toVisible(said(value)).slice(0, 300)}`).join(" · ")}
          </p>
        )}
      </div>
    </li>
  );
}

export function TimelinePage({ overview }: { overview: Overview | undefined }) {
  const now = useNow();
  const [kind, setKind] = useState("");
  const [pipeline, setPipeline] = useState("");
  const [offset, setOffset] = useState(0);
  // Pages stay the same while more happens; the first one follows what happens.
  const [until, setUntil] = useState(() => new Date().toISOString());
  const query = new URLSearchParams({
    limit: `${size}`,
    offset: `${offset}`,
    until,
    ...(kind ? { kind } : {}),
    ...(pipeline ? { pipeline } : {}),
  });
  const asked = useAsked<Facts>(`/api/timeline?${query}`);
  const [last, setLast] = useState<Facts>();
  if (asked.value && asked.value !== last) setLast(asked.value);
  const value = asked.value ?? last;
  const newest = () => {
    setOffset(0);
    setUntil(new Date(Date.now() + 1000).toISOString());
  };
  const follow = () => offset === 0 && newest();
  useLive("history", follow);
  useLive("alerts", follow);
  const choose = (set: (value: string) => void) => (event: Event) => {
    set((event.currentTarget as HTMLSelectElement).value);
    newest();
  };
  return (
    <>
      <h1>Timeline</h1>
      <form class="parameters" onSubmit={(event) => event.preventDefault()}>
        <label>
          <span>kind</span>
          <select value={kind} onChange={choose(setKind)}>
            <option value="">all</option>
            {kinds.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          <span>pipeline</span>
          <select value={pipeline} onChange={choose(setPipeline)}>
            <option value="">all</option>
            {overview?.pipelines.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </form>
      {!value && <Waiting asked={asked} what="the timeline" />}
      {value && (
        <>
          <ol class="timeline">
            {value.entries.map((entry) => (
              <Entry key={`${entry.at} ${entry.action} ${entry.subject}`} entry={entry} now={now} />
            ))}
          </ol>
          <nav class="actions" aria-label="Pages of the timeline">
            <button type="button" class="plain" disabled={offset === 0} onClick={newest}>
              Newest
            </button>
            <button
              type="button"
              class="plain"
              disabled={offset === 0}
              onClick={() => setOffset(Math.max(0, offset - size))}
            >
              Newer
            </button>
            <button
              type="button"
              class="plain"
              disabled={offset + size >= value.total}
              onClick={() => setOffset(offset + size)}
            >
              Older
            </button>
            <span class="quiet" role="status">
              {value.total === 0
                ? "Nothing happened."
                : `${count(offset + 1)} to ${count(Math.min(offset + size, value.total))} of ${count(value.total)}`}
            </span>
          </nav>
        </>
      )}
    </>
  );
}
