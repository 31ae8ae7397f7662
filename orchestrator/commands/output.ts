// How commands speak: results on stdout, progress on stderr.
import Table from "cli-table3";

/** Prints a JSON document on stdout. */
export const printJson = (value: unknown) => process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);

export const printLine = (line = "") => process.stdout.write(`${line}\n`);

/** A line on stderr that the next one overwrites; without a terminal only every few seconds. */
export function progressLine(): { tell: (line: string) => void; end: () => void } {
  const { isTTY } = process.stderr;
  let last = 0;
  return {
    tell(line) {
      if (isTTY) process.stderr.write(`\r\x1b[2K${line}`);
      else if (Date.now() - last > 5000) {
        process.stderr.write(`${line}\n`);
        last = Date.now();
      }
    },
    end() {
      if (isTTY) process.stderr.write("\r\x1b[2K");
    },
  };
}

/** A row of several lines as a row of each: a cell of 50 lines alone takes the table's library ten seconds. */
function linesOf(row: string[]): string[][] {
  const cells = row.map((cell) => cell.split(/\r?\n/));
  const height = Math.max(1, ...cells.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) => cells.map((cell) => cell[line] ?? ""));
}

/** A plain table for the terminal. */
export function textTable(head: string[], rows: (string | number | null)[][]): string {
  const table = new Table({
    head,
    style: { head: [], border: [] },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  table.push(...rows.flatMap((row) => linesOf(row.map((cell) => (cell === null ? "–" : String(cell))))));
  return table.toString();
}
