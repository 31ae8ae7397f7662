// The pages of one pipeline, under its name and state.
import type { PipelinePage as Facts, Overview } from "../../../orchestrator/console/api.ts";
import { useAsked } from "../hooks.ts";
import { HealthWord } from "../parts/health.tsx";
import { Waiting } from "../parts/notice.tsx";
import { pipelineLink, pipelineTabs, type Route, reportLink } from "../routes.ts";
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
      {state?.why && <p class="why">{state.why}</p>}
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
      {asked.value && <Tab route={route} facts={asked.value} />}
    </>
  );
}

function Tab({ route, facts }: { route: PipelineRoute; facts: Facts }) {
  const { pipeline, tab } = route;
  if (tab !== "reports") return <p class="quiet">Soon.</p>;
  const report = facts.reports.find(({ name }) => name === route.report);
  if (report) return <ReportPage pipeline={pipeline} report={report} choices={route.choices} />;
  if (route.report) return <p role="alert">There is no report '{route.report}'.</p>;
  return (
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
  );
}
