// The account of a pipeline as it closes: what was accepted, and where each record is now.
import type { LedgerAnswer, LedgerCounts } from "../../../orchestrator/console/api.ts";
import { useAsked, useNow } from "../hooks.ts";
import { Waiting } from "../parts/notice.tsx";
import { Scroll } from "../parts/scroll.tsx";
import { ago, count, many, span } from "../words.ts";

const everyMs = 1500;

type Part = "landed" | "filtered" | "duplicates" | "quarantined" | "forgotten" | "expired" | "inFlight";

const parts: { name: Part; words: string; isRare?: boolean }[] = [
  { name: "landed", words: "landed" },
  { name: "filtered", words: "filtered" },
  { name: "duplicates", words: "duplicates" },
  { name: "quarantined", words: "quarantined" },
  { name: "forgotten", words: "forgotten", isRare: true },
  { name: "expired", words: "expired", isRare: true },
  { name: "inFlight", words: "in flight" },
];

const shownOf = (ledger: LedgerCounts) => parts.filter(({ name, isRare }) => !isRare || ledger[name] > 0);

/** How the sum is made up, in lengths. A part that is there is never too thin to be seen. */
function Bar({ ledger }: { ledger: LedgerCounts }) {
  const all = Math.max(1, ledger.accepted);
  return (
    <div class="ledger-bar" aria-hidden="true">
      {shownOf(ledger).map(({ name }) => (
        <span
          key={name}
          class={`part ${name}`}
          style={{ flexGrow: ledger[name] / all, minWidth: ledger[name] > 0 ? "4px" : "0" }}
        />
      ))}
    </div>
  );
}

function Verdict({ ledger }: { ledger: LedgerAnswer }) {
  const missing = ledger.problems.length;
  if (ledger.closed && ledger.inFlight === 0)
    return <p class="verdict closed">Closed: nothing lost, nothing doubled.</p>;
  if (ledger.closed)
    return <p class="verdict closing">Closing: {many(ledger.inFlight, "record")} in flight.</p>;
  return (
    <p class="verdict open">
      Open: {missing === 0 ? "the sum isn't right yet." : `${many(missing, "problem")}.`}
    </p>
  );
}

export function LedgerPage({ pipeline }: { pipeline: string }) {
  const now = useNow();
  const asked = useAsked<LedgerAnswer>(`/api/pipelines/${encodeURIComponent(pipeline)}/ledger`, everyMs);
  const { value } = asked;
  const shown = value ? shownOf(value) : [];
  return (
    <section class="panel" aria-label="Ledger">
      <Waiting asked={asked} what="the account: Trino judges every record" />
      {value && (
        <>
          <div role="status">
            <Verdict ledger={value} />
          </div>
          <Bar ledger={value} />
          <dl class="sum">
            <div class="part accepted">
              <dt>accepted</dt>
              <dd>{count(value.accepted)}</dd>
            </div>
            {shown.map(({ name, words }, at) => (
              <div key={name} class={`part ${name}`}>
                <dt>
                  <span aria-hidden="true">{at === 0 ? "= " : "+ "}</span>
                  {words}
                </dt>
                <dd>{count(value[name])}</dd>
              </div>
            ))}
          </dl>
          {value.superseded > 0 && (
            <p class="quiet">
              {count(value.superseded)} of the landed are superseded: their table keeps the latest row of a
              key.
            </p>
          )}
          {Object.entries(value.filteredBy).map(([rule, records]) => (
            <p class="quiet" key={rule}>
              {count(records)} filtered: {rule}.
            </p>
          ))}
          {value.problems.length > 0 && (
            <>
              <h2>Problems</h2>
              <ul>
                {value.problems.map(({ kind, topic, partition, offset, detail }) => (
                  <li key={`${kind} ${topic} ${partition} ${offset}`}>
                    <strong>{kind}</strong>: {topic} partition {partition} offset {offset}: {detail}
                  </li>
                ))}
              </ul>
            </>
          )}
          <Partitions ledger={value} />
          <p class="quiet">
            Taken {ago(value.at, now)} in {span(value.tookMs)}, again and again while this page is seen.
          </p>
        </>
      )}
    </section>
  );
}

function Partitions({ ledger }: { ledger: LedgerAnswer }) {
  const shown = shownOf(ledger);
  return (
    <Scroll class="rows" label="Account by partition">
      <table>
        <caption class="unseen">Account by partition</caption>
        <thead>
          <tr>
            <th scope="col">partition</th>
            <th scope="col" class="number">
              accepted
            </th>
            {shown.map(({ name, words }) => (
              <th key={name} scope="col" class="number">
                {words}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ledger.partitions.map((row) => (
            <tr key={`${row.topic} ${row.partition}`}>
              <th scope="row">
                {row.topic} {row.partition}
              </th>
              <td class="number">{count(row.accepted)}</td>
              {shown.map(({ name }) => (
                <td key={name} class="number">
                  {count(row[name])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
