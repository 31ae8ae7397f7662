// The pages of one pipeline, under its name and state.
import type { PipelinePage as Facts, Overview, PipelineState } from "../../../orchestrator/console/api.ts";
import { useAsked } from "../hooks.ts";
import { HealthWord } from "../parts/health.tsx";
import { Waiting } from "../parts/notice.tsx";
import { pipelineLink, pipelineTabs, type Route, reportLink } from "../routes.ts";
import { LedgerPage } from "./ledger.tsx";
import { LineagePage } from "./lineage.tsx";
import { QuarantinePage } from "./quarantine.tsx";
import { ReportPage } from "./report.tsx";

type PipelineRoute = Extract<Route, { page: "pipeline" }>;

export function PipelinePage({ route, overview }: { route: PipelineRoute; overview: Overview | undefined }) {
  const { pipeline, tab } = route;
  const asked = useAsked<Facts>(`/api/pipelines/${encodeURIComponent(pipeline)}`);
  const state = overview?.pipelines.find(({ name }) => name === pipeline);
  return (
    <>
      <div class="page-head">
        <h1>{pipeline}</h1>
        {state && <HealthWord health={state.health} />}
      </div>
      {asked.value && <p class="quiet">{asked.value.title}</p>}
      {state?.why && <p class={`why ${state.health}`}>{state.why}</p>}
      <nav aria-label={`Pages of ${pipeline}`} class="tabs">
        <ul>
          {pipelineTabs.map((name) => (
            <li key={name}>
              <a href={pipelineLink(pipeline, name)} aria-current={tab === name ? "page" : undefined}>
                {name}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <Waiting asked={asked} what="the pipeline" />
      {asked.value && <Tab route={route} facts={asked.value} state={state} />}
    </>
  );
}

interface TabProps {
  route: PipelineRoute;
  facts: Facts;
  state: PipelineState | undefined;
}

function Tab({ route, facts, state }: TabProps) {
  switch (route.tab) {
    case "lineage":
      return <LineagePage facts={facts} state={state} />;
    case "reports":
      return <Reports route={route} facts={facts} />;
    case "ledger":
      return <LedgerPage pipeline={route.pipeline} />;
    case "quarantine":
      return <QuarantinePage pipeline={route.pipeline} />;
  }
}

function Reports({ route, facts }: Omit<TabProps, "state">) {
  const { pipeline } = route;
  const report = facts.reports.find(({ name }) => name === route.report);
  if (report) return <ReportPage pipeline={pipeline} report={report} choices={route.choices} />;
  if (route.report) return <p role="alert">There is no report '{route.report}'.</p>;
  return (
    <>
      <ul class="cards small">
        {facts.reports.map(({ name, title, question, isDrawn }) => (
          <li key={name} class="card">
            <h2>
              <a href={reportLink(pipeline, name)}>{title}</a>
            </h2>
            <p class="quiet">{question}</p>
            {isDrawn && <p class="tag">with picture</p>}
          </li>
        ))}
      </ul>
      {facts.pages.length > 0 && (
        <section aria-label="Pages by schedule">
          <h2>All reports on one page, as of</h2>
          <ul>
            {facts.pages.map((day) => (
              <li key={day}>
                <a href={`/api/pipelines/${encodeURIComponent(pipeline)}/pages/${day}`}>{day}</a>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
