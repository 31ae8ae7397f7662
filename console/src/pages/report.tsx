// One report: its picture and rows as they are now, its parameters, its SQL, its file.
import { useRef } from "preact/hooks";
import type { ReportAnswer, ReportHead } from "../../../orchestrator/console/api.ts";
import { useAsked, useNow } from "../hooks.ts";
import { Waiting } from "../parts/notice.tsx";
import { Picture } from "../parts/picture.tsx";
import { Rows } from "../parts/rows.tsx";
import { Scroll } from "../parts/scroll.tsx";
import { pipelineLink, reportLink } from "../routes.ts";
import { ago, span, words } from "../words.ts";

const everyMs = 1500;

function Parameters({
  report,
  choices,
  onChoose,
}: {
  report: ReportHead;
  choices: Record<string, string>;
  onChoose: (choices: Record<string, string>) => void;
}) {
  const form = useRef<HTMLFormElement>(null);
  const submit = (event: Event) => {
    event.preventDefault();
    const given = Object.fromEntries(
      [...new FormData(form.current!)].map(([name, value]) => [name, `${value}`]),
    );
    const own = report.parameters.filter(({ name, value }) => given[name] !== value);
    onChoose(Object.fromEntries(own.map(({ name }) => [name, given[name] ?? ""])));
  };
  return (
    <form class="parameters" ref={form} onSubmit={submit} key={JSON.stringify(choices)}>
      {report.parameters.map(({ name, value, meaning }) => (
        <label key={name}>
          <span>{words(name)}</span>
          <input
            name={name}
            defaultValue={choices[name] ?? value}
            maxLength={200}
            autocomplete="off"
            spellcheck={false}
          />
          <small>{meaning}</small>
        </label>
      ))}
      <button type="submit">Ask</button>
    </form>
  );
}

export function ReportPage({
  pipeline,
  report,
  choices,
}: {
  pipeline: string;
  report: ReportHead;
  choices: Record<string, string>;
}) {
  const now = useNow();
  const query = new URLSearchParams(choices).toString();
  const path = `/api/pipelines/${encodeURIComponent(pipeline)}/reports/${encodeURIComponent(report.name)}`;
  const asked = useAsked<ReportAnswer>(`${path}${query && `?${query}`}`, everyMs);
  const { value } = asked;
  return (
    <article class="report">
      <p class="back">
        <a href={pipelineLink(pipeline, "reports")}>All reports of {pipeline}</a>
      </p>
      <h2>{report.title}</h2>
      <p class="quiet">{report.question}</p>
      {report.parameters.length > 0 && (
        <Parameters
          report={report}
          choices={choices}
          onChoose={(chosen) => {
            location.hash = reportLink(pipeline, report.name, chosen);
          }}
        />
      )}
      <Waiting asked={asked} what="the answer" />
      {value && (
        <>
          {value.picture && (
            <figure>
              {(["wide", "narrow"] as const).map(
                (kind) =>
                  value.picture![kind] && (
                    <Picture
                      key={kind}
                      kind={kind}
                      svg={value.picture![kind]}
                      label={`Picture: ${report.title}. The table has the values.`}
                    />
                  ),
              )}
              {value.picture.note && <figcaption class="quiet">{value.picture.note}</figcaption>}
            </figure>
          )}
          <Rows title={report.title} columns={value.columns} rows={value.rows} isCut={value.isCut} />
          <p class="quiet">
            Answered {ago(value.at, now)} in {span(value.tookMs)}; asked again when a table has a new
            snapshot.{" "}
            <a href={`${path}/csv${query && `?${query}`}`} download={`${pipeline}-${report.name}.csv`}>
              All rows as CSV
            </a>
          </p>
          <details>
            <summary>SQL</summary>
            <Scroll class="code" label={`SQL of ${report.title}`}>
              <pre>{value.sql}</pre>
            </Scroll>
          </details>
        </>
      )}
    </article>
  );
}
