// One refused event, edited until it fits its contract and kept for replay.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Issue, QuarantineDraft, RepairOutcome } from "../../../orchestrator/console/api.ts";
import { toVisible } from "../../../orchestrator/reports/result.ts";
import { post } from "../ask.ts";
import { useAsked } from "../hooks.ts";
import { useKey } from "../key.ts";
import { KeyBox } from "../parts/key-box.tsx";
import { Problem, Waiting } from "../parts/notice.tsx";

function Issues({ issues }: { issues: Issue[] }) {
  return (
    <ul class="issues">
      {issues.map(({ path, message }) => (
        <li key={`${path} ${message}`}>
          {path && <code>{toVisible(path)}</code>} {toVisible(message)}
        </li>
      ))}
    </ul>
  );
}

interface Props {
  pipeline: string;
  place: string;
  onClose: () => void;
  onDone: () => void;
}

export function Repair({ pipeline, place, onClose, onDone }: Props) {
  const path = `/api/pipelines/${encodeURIComponent(pipeline)}/quarantine`;
  const asked = useAsked<QuarantineDraft>(`${path}/item?${new URLSearchParams({ place })}`);
  const key = useKey();
  const heading = useRef<HTMLHeadingElement>(null);
  const [text, setText] = useState<string>();
  const [outcome, setOutcome] = useState<RepairOutcome>();
  const [error, setError] = useState<Error>();
  useEffect(() => heading.current?.focus(), []);
  const { value } = asked;
  const event = text ?? value?.draft ?? "";
  const send = (what: "check" | "repair") => async (click: Event) => {
    click.preventDefault();
    try {
      const found = await post<RepairOutcome>(
        `${path}/${what}`,
        { place, event },
        what === "repair" ? key : undefined,
      );
      setOutcome(found);
      setError(undefined);
      if (found.isKept) onDone();
    } catch (refused) {
      setError(refused as Error);
    }
  };
  return (
    <section class="panel repair" aria-labelledby="repair-title">
      <h2 id="repair-title" ref={heading} tabIndex={-1}>
        {place}
      </h2>
      <Waiting asked={asked} what="the event" />
      {value && (
        <>
          {value.message && <p>{toVisible(value.message)}</p>}
          {value.issues.length > 0 && <Issues issues={value.issues} />}
          <details>
            <summary>As it came{value.isCut ? ", cut" : ""}</summary>
            <pre class="payload">{value.payload === null ? "no payload" : toVisible(value.payload)}</pre>
          </details>
          {value.state === "replayed" ? (
            <p>It was replayed.</p>
          ) : (
            <form onSubmit={send("repair")}>
              <label>
                <span>The event as it should have been</span>
                <textarea
                  rows={Math.min(20, event.split("\n").length + 1)}
                  spellcheck={false}
                  value={event}
                  onInput={(input) => setText(input.currentTarget.value)}
                />
              </label>
              <div class="actions">
                <button type="button" class="plain" onClick={send("check")}>
                  Check
                </button>
                <button type="submit" disabled={!key}>
                  Keep for replay
                </button>
                <button type="button" class="plain" onClick={onClose}>
                  Close
                </button>
              </div>
            </form>
          )}
          {!key && <KeyBox what="Repairing" />}
        </>
      )}
      <div role="status">
        {outcome?.ok && !outcome.isKept && <p class="good">It fits the contract.</p>}
        {outcome?.isKept && <p class="good">Kept for replay.</p>}
        {outcome && !outcome.ok && (
          <>
            <p class="why">It doesn't fit yet:</p>
            <Issues issues={outcome.issues} />
          </>
        )}
      </div>
      {error && <Problem error={error} />}
    </section>
  );
}
