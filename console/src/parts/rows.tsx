// Rows of an answer as a table: numbers to the right, exact; controls and direction marks written out.
import { type Column, isNumber, isTime, toText, toVisible } from "../../../orchestrator/reports/result.ts";
import { many, words } from "../words.ts";
import { Scroll } from "./scroll.tsx";

const kindOf = (column: Column) => (isNumber(column) ? "number" : isTime(column) ? "time" : "text");

function Cell({ value }: { value: unknown }) {
  if (value === null || value === undefined) return <span class="null">none</span>;
  return <bdi>{toVisible(toText(value))}</bdi>;
}

export function Rows({
  title,
  columns,
  rows,
  isCut,
}: {
  title: string;
  columns: Column[];
  rows: unknown[][];
  isCut: boolean;
}) {
  const kinds = columns.map(kindOf);
  return (
    <>
      <Scroll class="rows" label={`${title}: rows`}>
        <table>
          <caption class="unseen">
            {title}: {many(rows.length, "row")}
          </caption>
          <thead>
            <tr>
              {columns.map(({ name }, at) => (
                <th key={at} scope="col" class={kinds[at]}>
                  {toVisible(words(name))}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, r) => (
              <tr key={r}>
                {columns.map(({ name }, at) => (
                  <td key={`${name} ${at}`} class={kinds[at]}>
                    <Cell value={row[at]} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <p class="quiet">
        {rows.length === 0
          ? "No rows."
          : isCut
            ? `The first ${many(rows.length, "row")}.`
            : `${many(rows.length, "row")}.`}
      </p>
    </>
  );
}
