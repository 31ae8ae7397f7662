// Reports as of a past snapshot: by Iceberg's time travel, each lake table of a statement is read as it was.
// Pure but for `resolveVersions`, which asks the tables what snapshots there are.
import { type Token, tokenize } from "../../flink-sql/statements.ts";
import type { Lake } from "../engines/trino.ts";

/** `purchases` of `"purchases"`. */
const plain = (token: Token | undefined) =>
  token?.kind === "name" ? token.text.slice(1, -1).replaceAll('""', '"') : `${token?.text}`.toLowerCase();

const isName = (token: Token | undefined) => token?.kind === "word" || token?.kind === "name";

/** Where a statement names tables of the lake: the last token of each, and the table in full. */
function tablePlaces(tokens: Token[]): { last: number; table: string }[] {
  const said = tokens.flatMap((token, index) =>
    token.kind === "space" || token.kind === "comment" ? [] : [{ token, index }],
  );
  return said.flatMap(({ token }, at) => {
    const [dot, schema, second, table, after] = said.slice(at + 1, at + 6);
    const isTable =
      isName(token) &&
      plain(token) === "lake" &&
      said[at - 1]?.token.text !== "." &&
      dot?.token.text === "." &&
      isName(schema?.token) &&
      second?.token.text === "." &&
      isName(table?.token) &&
      after?.token.text !== "."; // lake.p.table.column is a column
    if (!isTable || plain(table!.token).includes("$")) return [];
    return [{ last: table!.index, table: `lake.${plain(schema!.token)}.${plain(table!.token)}` }];
  });
}

/** The lake's tables that a statement reads, each once. */
export const tablesOf = (sql: string): string[] => [
  ...new Set(tablePlaces(tokenize(sql)).map(({ table }) => table)),
];

/** The statement with `FOR VERSION AS OF` its snapshot behind each lake table. */
export function asOf(sql: string, versions: Record<string, string>): string {
  const tokens = tokenize(sql);
  const places = tablePlaces(tokens);
  return tokens
    .map(({ text }, index) => {
      const place = places.find(({ last }) => last === index);
      return place ? `${text} FOR VERSION AS OF ${versions[place.table]}` : text;
    })
    .join("");
}

export type Moment = { snapshot: string } | { time: Date };

/** Reads --as-of: a snapshot's number, or a time; a time without an offset is UTC, a date its first moment. */
export function parseMoment(text: string): Moment {
  if (/^\d{1,19}$/.test(text)) return { snapshot: text };
  const known = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  const time = new Date(known?.[1] && !known[4] ? `${text.replace(" ", "T")}Z` : text.replace(" ", "T"));
  if (!known || Number.isNaN(time.getTime()))
    throw new Error(
      `--as-of ${text}: give a snapshot's number, or a time such as 2026-02-28, 2026-02-28T12:30 or 2026-02-28T12:30:00+02:00.`,
    );
  return { time };
}

interface Version {
  snapshot: string;
  /** When it became the table's newest. */
  at: Date;
}

const quotedTable = (table: string, suffix: string) => {
  const [catalog, schema, name] = table.split(".");
  return `${catalog}."${schema}"."${name}${suffix}"`;
};

/** Oldest first. */
async function versionsOf(lake: Lake, table: string): Promise<Version[]> {
  const { rows } = await lake.query(
    "SELECT h.snapshot_id, to_iso8601(h.made_current_at AT TIME ZONE 'UTC') " +
      `FROM ${quotedTable(table, "$history")} AS h ` +
      `JOIN ${quotedTable(table, "$snapshots")} AS s ON s.snapshot_id = h.snapshot_id ` +
      "WHERE h.is_current_ancestor ORDER BY h.made_current_at",
  );
  return rows.map(([snapshot, at]) => ({ snapshot: String(snapshot), at: new Date(String(at)) }));
}

const shownMax = 5;

function describeVersions(table: string, versions: Version[]): string {
  if (versions.length === 0) return `${table} has no snapshot yet`;
  const line = ({ snapshot, at }: Version) => `${snapshot} of ${at.toISOString()}`;
  const few =
    versions.length <= 2 * shownMax
      ? versions.map(line)
      : [...versions.slice(0, shownMax).map(line), "…", ...versions.slice(-shownMax).map(line)];
  return `${table} has ${versions.length} snapshots: ${few.join(", ")}`;
}

/**
 * The snapshot of each table at a moment. A snapshot's number belongs to one table: the others are read as of
 * the moment it became that table's newest. Throws one error that names each table without one, with the
 * snapshots that there are.
 */
export async function resolveVersions(
  lake: Lake,
  tables: string[],
  moment: Moment,
): Promise<{ versions: Record<string, string>; time: Date }> {
  const all = await Promise.all(
    tables.map(async (table) => ({ table, known: await versionsOf(lake, table) })),
  );
  const listed = all.map(({ table, known }) => describeVersions(table, known)).join("\n");
  const named =
    "snapshot" in moment
      ? all.flatMap(({ known }) => known.filter(({ snapshot }) => snapshot === moment.snapshot))[0]
      : undefined;
  if ("snapshot" in moment && !named)
    throw new Error(`--as-of ${moment.snapshot}: no table of the report has this snapshot.\n${listed}`);
  const time = "time" in moment ? moment.time : named!.at;
  const found = all.map(({ table, known }) => ({ table, known, at: known.findLast(({ at }) => at <= time) }));
  const missing = found.filter(({ at }) => !at);
  if (missing.length > 0)
    throw new Error(
      missing
        .map(
          ({ table, known }) =>
            `--as-of: ${table} has no snapshot as old as ${time.toISOString()}. ${describeVersions(table, known)}`,
        )
        .join("\n"),
    );
  const own = (table: string, at: Version) =>
    named && all.find((one) => one.table === table)!.known.includes(named) ? named : at;
  return {
    versions: Object.fromEntries(found.map(({ table, at }) => [table, own(table, at!).snapshot])),
    time,
  };
}
