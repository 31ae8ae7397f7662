// Alerts of all pipelines, as they are raised.
import { useState } from "preact/hooks";
import type { AlertEntry } from "../../../orchestrator/console/api.ts";
import { toVisible } from "../../../orchestrator/reports/result.ts";
import { useAsked, useNow } from "../hooks.ts";
import { useIsLive, useLive } from "../live.ts";
import { Waiting } from "../parts/notice.tsx";
import { ago, time, words } from "../words.ts";

const shownMax = 200;

/** Those that were known, with what is newer of them, newest first. */
export function merged(known: AlertEntry[], fresh: AlertEntry[]): AlertEntry[] {
  const all = new Map([...known, ...fresh].map((alert) => [alert.id, alert]));
  return [...all.values()].sort((a, b) => b.raisedAt.localeCompare(a.raisedAt)).slice(0, shownMax);
}

export function AlertsPage() {
  const now = useNow();
  const isLive = useIsLive();
  const asked = useAsked<AlertEntry[]>("/api/alerts");
  const [fresh, setFresh] = useState<AlertEntry[]>([]);
  useLive<AlertEntry[]>("alerts", (alerts) => setFresh((before) => merged(before, alerts)));
  const shown = merged(asked.value ?? [], fresh);
  return (
    <>
      <div class="page-head">
        <h1>Alerts</h1>
        <span class={`tag ${isLive ? "live" : ""}`}>{isLive ? "live" : "connecting"}</span>
      </div>
      <Waiting asked={asked} what="the alerts" />
      {asked.value && shown.length === 0 && <p>No alert was raised.</p>}
      <p class="unseen" role="status">
        {fresh[0] ? `New alert: ${fresh[0].description}` : ""}
      </p>
      <ol class="timeline">
        {shown.map((alert) => (
          <li key={alert.id} class="happening alert">
            <span class="tag">{alert.pipeline}</span>
            <div>
              <p>
                <strong>{words(alert.alert)}</strong>{" "}
                <span class="quiet">
                  <time dateTime={alert.raisedAt}>{time(alert.raisedAt)}</time>, {ago(alert.raisedAt, now)},
                  webhook: {toVisible(alert.delivery)}
                </span>
              </p>
              {alert.description && <p class="quiet">{alert.description}</p>}
              <dl class="says">
                {alert.says.map(([name, value]) => (
                  <div key={name}>
                    <dt>{words(name)}</dt>
                    <dd>
                      <bdi>{toVisible(value)}</bdi>
                    </dd>
                  </div>
                ))}
              </dl>
            </div>
          </li>
        ))}
      </ol>
    </>
  );
}
