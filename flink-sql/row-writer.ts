// Writes a generated CSV file row by row: some rows damaged, some twice, some late; and counts what becomes
// of them. So that a generator only makes fields and adds up what they mean.
import { cutRow, type Damage } from "./damage.ts";
import { byWeight, csvRow, csvRowInQuotes, type Draws } from "./generate-kit.ts";
import type { GeneratedFile, Write } from "./generator.ts";

export interface RowFile {
  file: GeneratedFile;
  header: readonly string[];
  /** Exactly so many rows of data, damaged ones and copies included. */
  rows: number;
  /** Share of rows that are damaged, 0 to 1; 0 gives a file without any damage or copy. */
  damage: number;
  /** What may befall a row, each with its weight. */
  damages: readonly (readonly [Damage, number])[];
  /** Share of rows that are copies of an earlier landed row; `damage` where it is left out. */
  copies?: number;
  /** A row may stand so many rows after its place: files aren't in the order of time. 0 where left out. */
  late?: number;
  /** Only where `damage` is above 0: a byte order mark, line ends of Windows, a last row cut in the middle. */
  bom?: boolean;
  crlf?: boolean;
  cutLast?: boolean;
}

export interface RowCounts {
  read: number;
  landed: number;
  duplicates: number;
  quarantined: number;
}

export interface RowWriter {
  counts: RowCounts;
  /** Rows still to be written. */
  left(): number;
  /** Writes one row. True where it lands; false where it is quarantined and means nothing. */
  row(fields: readonly string[]): boolean;
  /** Writes a row that landed before, in this file or in one before it. */
  copy(fields: readonly string[]): void;
  /** Writes what is held back. Throws where rows are left. */
  end(): void;
}

const chunkChars = 1 << 18;
const remembered = 512;

/** Takes fields of distinct rows: two equal ones would be a copy that nobody counted. */
export function createRowWriter(options: RowFile, draws: Draws, write: Write): RowWriter {
  const { file, rows, damage, damages, late = 0 } = options;
  const damaging = damage > 0;
  const copyShare = damaging ? (options.copies ?? damage) : 0;
  const lineEnd = damaging && options.crlf ? "\r\n" : "\n";
  const pickDamage = damages.length > 0 ? byWeight(damages.map(([, weight]) => weight)) : undefined;
  const counts: RowCounts = { read: 0, landed: 0, duplicates: 0, quarantined: 0 };
  const toCopy: (readonly string[])[] = [];
  const held: (string | Uint8Array)[] = [];
  let chunk = `${damaging && options.bom ? "\ufeff" : ""}${csvRow(options.header)}${lineEnd}`;

  const flush = () => {
    if (chunk) write(file, chunk);
    chunk = "";
  };
  const put = (row: string | Uint8Array, end = lineEnd) => {
    if (typeof row === "string") chunk += row + end;
    else {
      flush();
      write(file, row);
      chunk = end;
    }
    if (chunk.length >= chunkChars) flush();
  };
  const place = (row: string | Uint8Array) => {
    if (late === 0) return put(row);
    if (held.length < late) return void held.push(row);
    const at = draws.below(late);
    put(held[at]!);
    held[at] = row;
  };
  const writeRow = (fields: readonly string[]): boolean => {
    if (damaging && pickDamage && draws.chance(damage)) {
      const done = damages[pickDamage(draws)]![0](fields, draws);
      if (done) {
        place(done.row);
        return done.verdict === "landed";
      }
    }
    place(csvRow(fields));
    return true;
  };
  const count = () => {
    if (counts.read >= rows) throw new Error(`${file.name} has all its ${rows} rows.`);
    counts.read++;
  };
  const copy = (fields: readonly string[]) => {
    count();
    counts.duplicates++;
    place(draws.chance(0.5) ? csvRow(fields) : csvRowInQuotes(fields));
  };
  const finish = () => {
    while (held.length > 0) put(held.pop()!);
  };

  return {
    counts,
    left: () => rows - counts.read,
    row(fields) {
      count();
      if (damaging && options.cutLast && counts.read === rows) {
        finish();
        put(cutRow(fields, draws)!.row, "");
        counts.quarantined++;
        return false;
      }
      if (!writeRow(fields)) {
        counts.quarantined++;
        return false;
      }
      counts.landed++;
      if (copyShare > 0) {
        // Now and then one is kept for later, so that copies come near and far.
        if (toCopy.length < remembered) toCopy.push(fields);
        else if (draws.chance(0.05)) toCopy[draws.below(remembered)] = fields;
        // The last row is left to the generator.
        if (rows - counts.read > 1 && draws.chance(copyShare)) copy(draws.pick(toCopy));
      }
      return true;
    },
    copy,
    end() {
      if (counts.read < rows)
        throw new Error(`${file.name} has ${counts.read} rows of ${rows}: write them all before its end.`);
      finish();
      flush();
    },
  };
}
