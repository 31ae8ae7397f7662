// All pipelines at a glance.
import type { Overview, PipelineState } from "../../../orchestrator/console/api.ts";
import { type Asked, useNow } from "../hooks.ts";
import { HealthWord } from "../parts/health.tsx";
import { Problem, Waiting } from "../parts/notice.tsx";
import { pipelineLink } from "../routes.ts";
import { ago, count, rate } from "../words.ts";

function Card({ pipeline, now }: { pipeline: PipelineState; now: number }) {
  const { name, title, health, why, committedAt, snapshot } = pipeline;
  return (
    <li class="card">
      <div class="card-head">
        <h2>
          <a href={pipelineLink(name)}>{name}</a>
        </h2>
        <HealthWord health={health} />
      </div>
      <p class="quiet">{title}</p>
      {why && <p class={`why ${health}`}>{why}</p>}
      <dl class="facts">
        <div>
          <dt>rate</dt>
          <dd>{rate(pipeline.rate)}</dd>
        </div>
        <div>
          <dt>lag</dt>
          <dd>{count(pipeline.lag)}</dd>
        </div>
        <div>
          <dt>records</dt>
          <dd>{count(pipeline.records)}</dd>
        </div>
        <div>
          <dt>newest commit</dt>
          <dd>{ago(committedAt, now)}</dd>
        </div>
      </dl>
      <p class="quiet snapshot">{snapshot ? `snapshot ${snapshot}` : "no snapshot yet"}</p>
    </li>
  );
}

export function OverviewPage({ overview }: { overview: Asked<Overview> }) {
  const now = useNow();
  const { value } = overview;
  return (
    <>
      <h1>Pipelines</h1>
      <Waiting asked={overview} what="the pipelines" />
      {value?.problems.map((problem) => (
        <Problem key={problem} error={new Error(problem)} />
      ))}
      {value && (
        <ul class="cards">
          {value.pipelines.map((pipeline) => (
            <Card key={pipeline.name} pipeline={pipeline} now={now} />
          ))}
        </ul>
      )}
    </>
  );
}
