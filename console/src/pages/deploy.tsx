// What apply would do, as a difference to read; and, with a key, done.
import { useState } from "preact/hooks";
import type { ApplyStep, Overview, Plan, PlanChange } from "../../../orchestrator/console/api.ts";
import { lines, post } from "../ask.ts";
import { useKey } from "../key.ts";
import { KeyBox } from "../parts/key-box.tsx";
import { Problem } from "../parts/notice.tsx";
import { Scroll } from "../parts/scroll.tsx";
import { many } from "../words.ts";

const meaning = { "+": "added", "-": "removed", " ": "", "…": "" };

function Change({ change }: { change: PlanChange }) {
  const head = (
    <code class={`plan-line ${{ "+": "added", "-": "removed", "~": "changed" }[change.mark]}`}>
      {change.line}
    </code>
  );
  if (change.diff.length === 0) return <li>{head}</li>;
  return (
    <li>
      <details open={change.mark === "~"}>
        <summary>{head}</summary>
        <Scroll class="diff" label={`Difference: ${change.line}`}>
          {change.diff.map(({ mark, text }, at) => (
            <div key={at} class={meaning[mark]}>
              <span aria-hidden="true">{mark}</span>
              {meaning[mark] && <span class="unseen">{meaning[mark]}: </span>}
              {text}
            </div>
          ))}
        </Scroll>
      </details>
    </li>
  );
}

function Applying({ steps, isBusy }: { steps: ApplyStep[]; isBusy: boolean }) {
  const last = steps.at(-1);
  return (
    <section class="panel" aria-label="Apply">
      <div role="status">
        {isBusy && <p>Applying …</p>}
        {last?.kind === "done" && <p class="good">Applied: {many(last.steps, "step")} done.</p>}
      </div>
      <ol>
        {steps.map(
          (step) =>
            step.kind === "step" && (
              <li key={step.line}>
                <code>{step.line}</code>
              </li>
            ),
        )}
      </ol>
      {last?.kind === "failed" && <Problem error={new Error(last.message)} />}
    </section>
  );
}

export function DeployPage({ overview }: { overview: Overview | undefined }) {
  const key = useKey();
  const [pipeline, setPipeline] = useState("");
  const [plan, setPlan] = useState<Plan>();
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState<"planning" | "applying">();
  const [steps, setSteps] = useState<ApplyStep[]>();
  const chosen = pipeline ? { pipeline } : {};
  const attempt = async (what: "planning" | "applying", work: () => Promise<void>) => {
    setBusy(what);
    setError(undefined);
    try {
      await work();
    } catch (refused) {
      setError(refused as Error);
    } finally {
      setBusy(undefined);
    }
  };
  const choose = (event: Event) => {
    setPipeline((event.currentTarget as HTMLSelectElement).value);
    setPlan(undefined);
  };
  const look = (event: Event) => {
    event.preventDefault();
    return attempt("planning", async () => {
      setSteps(undefined);
      setPlan(undefined);
      setPlan(await post<Plan>("/api/plan", chosen));
    });
  };
  const apply = (hash: string) =>
    attempt("applying", async () => {
      const done: ApplyStep[] = [];
      setSteps([]);
      for await (const step of lines<ApplyStep>("/api/apply", { ...chosen, hash }, key)) {
        if (step.kind !== "wait") done.push(step);
        setSteps([...done]);
      }
      if (done.at(-1)?.kind === "done") setPlan(undefined);
    });
  return (
    <>
      <h1>Deploy</h1>
      <p class="quiet">
        A plan checks every statement on Flink's planner and every report on Trino, and touches nothing. Apply
        does what was shown, or nothing where the plan is another one by then.
      </p>
      <form class="parameters" onSubmit={look}>
        <label>
          <span>pipeline</span>
          <select value={pipeline} onChange={choose}>
            <option value="">all</option>
            {overview?.pipelines.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <button type="submit" disabled={busy !== undefined}>
          {busy === "planning" ? "Planning …" : "Plan"}
        </button>
      </form>
      {error && <Problem error={error} />}
      {plan && plan.problems.length > 0 && (
        <>
          <h2>{many(plan.problems.length, "problem")}</h2>
          <Problem error={new Error(plan.problems.join("\n"))} />
        </>
      )}
      {plan && plan.problems.length === 0 && (
        <section class="panel" aria-label="Plan">
          <h2>
            {plan.changes.length === 0
              ? "Nothing to do: the engines match the folders."
              : many(plan.changes.length, "change")}
          </h2>
          {plan.changes.length > 0 && (
            <>
              <ul class="changes">
                {plan.changes.map((change) => (
                  <Change key={change.line} change={change} />
                ))}
              </ul>
              <p class="quiet">plan {plan.hash}</p>
              <KeyBox what="Applying" />
              <button type="button" disabled={!key || busy !== undefined} onClick={() => apply(plan.hash)}>
                Apply {many(plan.changes.length, "change")}
              </button>
            </>
          )}
        </section>
      )}
      {steps && <Applying steps={steps} isBusy={busy === "applying"} />}
    </>
  );
}
