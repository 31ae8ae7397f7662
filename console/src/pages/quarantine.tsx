// What was refused and why; and from here mended and sent again.
import { useState } from "preact/hooks";
import type {
  QuarantinePage as Facts,
  QuarantineEntry,
  QuarantineKind,
  ReplayOutcome,
} from "../../../orchestrator/console/api.ts";
import { toVisible } from "../../../orchestrator/reports/result.ts";
import { post } from "../ask.ts";
import { useAsked, useNow } from "../hooks.ts";
import { useKey } from "../key.ts";
import { KeyBox } from "../parts/key-box.tsx";
import { Problem, Waiting } from "../parts/notice.tsx";
import { ago, count, many, time } from "../words.ts";
import { Repair } from "./repair.tsx";

const everyMs = 5000;

type Chosen = Partial<Record<"stage" | "reason" | "field" | "type", string>>;

const chosenOf = ({ stage, reason, field, type }: QuarantineKind): Chosen => ({
  stage,
  reason,
  ...(field === null ? {} : { field }),
  ...(type === null ? {} : { type }),
});

function Kinds({
  kinds,
  chosen,
  onChoose,
}: {
  kinds: QuarantineKind[];
  chosen: string;
  onChoose: (chosen: Chosen) => void;
}) {
  const now = useNow();
  return (
    <ul class="kinds">
      {kinds.map((kind) => {
        const own = chosenOf(kind);
        const key = JSON.stringify(own);
        return (
          <li key={key}>
            <button
              type="button"
              class="plain kind"
              aria-pressed={chosen === key}
              onClick={() => onChoose(chosen === key ? {} : own)}
            >
              <strong>{count(kind.items)}</strong> {kind.reason.replaceAll("_", " ")}
              {kind.field && <code>{kind.field}</code>}
              <span class="quiet">
                {kind.type ?? "no type"}, {kind.stage === "edge" ? "at the API" : "in Kafka"},{" "}
                {ago(kind.newest, now)}
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function Entry({ entry, onOpen }: { entry: QuarantineEntry; onOpen: () => void }) {
  return (
    <li class="entry">
      <div class="entry-head">
        <span class={`tag state-${entry.state}`}>{entry.state}</span>
        <strong>{entry.reason.replaceAll("_", " ")}</strong>
        {entry.fieldPath && <code>{toVisible(entry.fieldPath)}</code>}
        <span class="quiet">
          {entry.eventType ? `${toVisible(entry.eventType)}, ` : ""}
          <time dateTime={entry.refusedAt}>{time(entry.refusedAt)}</time>
        </span>
      </div>
      {entry.message && <p>{toVisible(entry.message)}</p>}
      <pre class="payload">{entry.payload === null ? "no payload" : toVisible(entry.payload)}</pre>
      <button type="button" class="plain small" onClick={onOpen}>
        {entry.state === "replayed" ? "Show" : "Repair"} <span class="unseen">{entry.place}</span>
      </button>
    </li>
  );
}

function Replay({ pipeline, waiting, onDone }: { pipeline: string; waiting: number; onDone: () => void }) {
  const key = useKey();
  const [outcome, setOutcome] = useState<ReplayOutcome>();
  const [error, setError] = useState<Error>();
  const [isBusy, setIsBusy] = useState(false);
  const replay = async () => {
    setIsBusy(true);
    try {
      setOutcome(
        await post<ReplayOutcome>(
          `/api/pipelines/${encodeURIComponent(pipeline)}/quarantine/replay`,
          {},
          key,
        ),
      );
      setError(undefined);
      onDone();
    } catch (refused) {
      setError(refused as Error);
    } finally {
      setIsBusy(false);
    }
  };
  return (
    <div class="panel">
      <p>
        {waiting === 0
          ? "No repair waits to be replayed."
          : `${many(waiting, "repair")} to be replayed, each under its own event_id.`}
      </p>
      {waiting > 0 && !key && <KeyBox what="Replaying" />}
      {waiting > 0 && key && (
        <button type="button" onClick={replay} disabled={isBusy}>
          Replay {many(waiting, "event")}
        </button>
      )}
      {outcome && (
        <p role="status">
          {count(outcome.replayed)} replayed, {count(outcome.refused)} refused again, {count(outcome.unknown)}{" "}
          unknown.
        </p>
      )}
      {error && <Problem error={error} />}
    </div>
  );
}

export function QuarantinePage({ pipeline }: { pipeline: string }) {
  const [chosen, setChosen] = useState<Chosen>({});
  const [opened, setOpened] = useState<string>();
  const query = new URLSearchParams(chosen).toString();
  const path = `/api/pipelines/${encodeURIComponent(pipeline)}/quarantine`;
  const asked = useAsked<Facts>(`${path}${query && `?${query}`}`, everyMs);
  const [last, setLast] = useState<Facts>();
  if (asked.value && asked.value !== last) setLast(asked.value);
  // While another kind is asked for, what was shown stays: the page doesn't jump.
  const value = asked.value ?? last;
  return (
    <section aria-label="Quarantine">
      {!value && <Waiting asked={asked} what="the quarantine" />}
      {value && asked.error && <Problem error={asked.error} />}
      {value && value.kinds.length === 0 && <p>Nothing was refused.</p>}
      {value && value.kinds.length > 0 && (
        <>
          <Kinds kinds={value.kinds} chosen={JSON.stringify(chosen)} onChoose={setChosen} />
          <Replay pipeline={pipeline} waiting={value.waiting} onDone={asked.again} />
          {opened && (
            <Repair
              key={opened}
              pipeline={pipeline}
              place={opened}
              onClose={() => setOpened(undefined)}
              onDone={asked.again}
            />
          )}
          <h2>{value.isCut ? `The newest ${value.items.length}` : many(value.items.length, "event")}</h2>
          <ul class="entries">
            {value.items.map((entry) => (
              <Entry key={entry.place} entry={entry} onOpen={() => setOpened(entry.place)} />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
