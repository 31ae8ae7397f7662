// A box for questions to the lake that only read.
import { useState } from "preact/hooks";
import type { Answer } from "../../../orchestrator/console/api.ts";
import { post } from "../ask.ts";
import { Problem } from "../parts/notice.tsx";
import { Rows } from "../parts/rows.tsx";
import { span } from "../words.ts";

const example = "SELECT table_schema, table_name FROM lake.information_schema.tables ORDER BY 1, 2";

export function SqlPage() {
  const [sql, setSql] = useState(example);
  const [answer, setAnswer] = useState<Answer & { tookMs: number }>();
  const [error, setError] = useState<Error>();
  const [isBusy, setIsBusy] = useState(false);
  const ask = async (event: Event) => {
    event.preventDefault();
    setIsBusy(true);
    try {
      setAnswer(await post<Answer & { tookMs: number }>("/api/sql", { sql }));
      setError(undefined);
    } catch (refused) {
      setError(refused as Error);
    } finally {
      setIsBusy(false);
    }
  };
  const byKeyboard = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void ask(event);
  };
  return (
    <>
      <h1>SQL</h1>
      <form onSubmit={ask}>
        <label>
          <span>One statement for Trino that reads: catalog lake, a schema per pipeline</span>
          <textarea
            rows={6}
            maxLength={20_000}
            spellcheck={false}
            value={sql}
            onInput={(input) => setSql(input.currentTarget.value)}
            onKeyDown={byKeyboard}
          />
        </label>
        <div class="actions">
          <button type="submit" disabled={isBusy}>
            {isBusy ? "Asking …" : "Ask"}
          </button>
          <span class="quiet">Ctrl+Enter asks too. At most 1,000 rows and 30 s.</span>
        </div>
      </form>
      {error && <Problem error={error} />}
      {answer && !error && (
        <>
          <Rows title="Answer" columns={answer.columns} rows={answer.rows} isCut={answer.isCut} />
          <p class="quiet" role="status">
            Answered in {span(answer.tookMs)}.
          </p>
        </>
      )}
    </>
  );
}
