// quarantine: what was refused, seen, mended and sent again under its own event_id.
import { userInfo } from "node:os";
import type { Issue } from "../../flink-sql/envelope.ts";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { importDefault } from "../../flink-sql/import-source.ts";
import { inheritedEnv } from "../../stack/config.ts";
import { declaredPipelines, type Engines, pipelineNamed, withEngines } from "../engines/engines.ts";
import {
  type Edit,
  type Item,
  placeName,
  type Repaired,
  type RepairFunction,
  readPlace,
  readSet,
  repair as repairItem,
} from "../quarantine/item.ts";
import { type Filter, kindsQuery, readItems, readPages } from "../quarantine/query.ts";
import { repairStates, saveRepair } from "../quarantine/repairs.ts";
import { sendRepairs } from "../quarantine/replay.ts";
import { printJson, printLine, progressLine, textTable } from "./output.ts";

interface FilterOptions {
  reason?: string;
  stage?: string;
  field?: string;
  type?: string;
  limit?: string;
  json?: boolean;
}

const itemsMax = 1_000_000;

function readLimit(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= itemsMax) return limit;
  throw new Error(`--limit ${text}: give a whole number from 1 to ${itemsMax}.`);
}

const filterOf = ({ reason, stage, field, type }: FilterOptions, places: string[]): Filter => ({
  reason,
  stage,
  field,
  type,
  places: places.map(readPlace),
});

async function onPipeline<T>(
  name: string,
  work: (engines: Engines, pipeline: PipelineFolder) => Promise<T>,
): Promise<T> {
  return withEngines(async (engines) =>
    work(engines, pipelineNamed(await declaredPipelines(engines.config), name)),
  );
}

/** How much of which kind there is; with places or --each, one line per event. */
export async function list(name: string, options: FilterOptions & { each?: boolean }): Promise<void> {
  const limit = readLimit(options.limit);
  const filter = filterOf(options, []);
  await onPipeline(name, async ({ lake, store }) => {
    if (!options.each) {
      const { rows } = await lake.query(kindsQuery(name, filter));
      const kinds = rows.map(([stage, reason, field, type, items, newest]) => ({
        stage,
        reason,
        field,
        type,
        items,
        newest,
      }));
      if (options.json) return void printJson(kinds);
      const cells = rows.map((row) => row.map((cell) => (cell === null ? null : String(cell))));
      return printLine(textTable(["stage", "reason", "field", "event type", "events", "newest"], cells));
    }
    const items = await readItems(lake, name, filter, limit);
    const states = await store.transaction((client) => repairStates(client, name));
    const told = items.map((item) => ({
      place: placeName(item),
      state: states.get(placeName(item)) ?? "open",
      ...item,
    }));
    if (options.json) return void printJson(told);
    printLine(
      textTable(
        ["place", "state", "reason", "field", "event type", "refused at"],
        told.map((item) => [
          item.place,
          item.state,
          item.reason,
          item.fieldPath,
          item.eventType,
          item.refusedAt,
        ]),
      ),
    );
    if (items.length === limit) printLine(`The first ${limit}: --limit shows more.`);
  });
}

/** Everything known of some events. */
export async function show(name: string, places: string[], options: { json?: boolean }): Promise<void> {
  await onPipeline(name, async ({ lake }) => {
    const items = await readItems(lake, name, { places: places.map(readPlace) }, places.length);
    const missing = places.filter((place) => !items.some((item) => placeName(item) === place));
    if (missing.length > 0)
      throw new Error(
        `The quarantine of '${name}' has nothing at ${missing.join(", ")}: 'quarantine list --each' shows places.`,
      );
    if (options.json) return void printJson(items);
    for (const item of items) {
      printLine(`${placeName(item)}  ${item.stage}  ${item.reason}  ${item.refusedAt}`);
      printLine(`  event type: ${item.eventType ?? "none"}, field: ${item.fieldPath ?? "none"}`);
      if (item.message) printLine(`  ${item.message}`);
      printLine(`  ${item.payload ?? "no payload"}${item.isCut ? " … (cut)" : ""}`);
    }
  });
}

async function readFunction(file: string | undefined): Promise<RepairFunction | undefined> {
  if (!file) return undefined;
  const repairFunction = await importDefault<RepairFunction>(file);
  if (typeof repairFunction === "function") return repairFunction;
  throw new Error(
    `--with ${file} exports no function: end it with 'export default (event) => ({ ...event, … })'.`,
  );
}

interface RepairOptions extends FilterOptions {
  set: string[];
  unset: string[];
  with?: string;
  dryRun?: boolean;
}

/** Edits refused events, checks each by the contract, and keeps those that pass for `replay`. */
export async function repair(name: string, places: string[], options: RepairOptions): Promise<void> {
  const limit = readLimit(options.limit);
  const filter = filterOf(options, places);
  const edit: Edit = {
    set: readSet(options.set),
    unset: options.unset,
    with: await readFunction(options.with),
  };
  const line = progressLine();
  await onPipeline(name, async ({ lake, store }, pipeline) => {
    const states = await store.transaction((client) => repairStates(client, name));
    const unfit: { place: string; issues: Issue[] }[] = [];
    let [repaired, replayedBefore] = [0, 0];
    for await (const items of readPages(lake, name, filter, limit)) {
      const open = items.filter((item) => states.get(placeName(item)) !== "replayed");
      const fit: { item: Item; repaired: Repaired }[] = [];
      for (const item of open) {
        const verdict = await repairItem(pipeline, item, edit);
        if (verdict.ok) fit.push({ item, repaired: verdict.repaired });
        else unfit.push({ place: placeName(item), issues: verdict.issues });
      }
      if (!options.dryRun && fit.length > 0)
        await store.transaction(async (client) => {
          for (const { item, repaired } of fit)
            await saveRepair(client, name, item, repaired, userInfo().username);
          const set = Object.keys(edit.set);
          await client.addHistory("repair", name, { events: fit.length, ...filter, set });
        });
      repaired += fit.length;
      replayedBefore += items.length - open.length;
      line.tell(`${(repaired + unfit.length + replayedBefore).toLocaleString("en")} looked at`);
    }
    line.end();
    const done = { repaired, unfit: unfit.length, replayedBefore };
    if (options.json) return void printJson({ ...done, dryRun: options.dryRun ?? false, problems: unfit });
    for (const { place, issues } of unfit.slice(0, 20))
      printLine(
        `${place}: ${issues.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; ")}`,
      );
    printLine(
      `${done.repaired} ${options.dryRun ? "would be " : ""}repaired, ${done.unfit} still not fit, ${done.replayedBefore} replayed before.` +
        (done.repaired > 0 && !options.dryRun
          ? ` 'npx swordlake quarantine replay ${name}' sends them.`
          : ""),
    );
    if (unfit.length > 0) process.exitCode = 1;
  });
}

/** Sends what is repaired through the API, each under its event_id; what was sent before is not sent again. */
export async function replay(name: string, options: { limit?: string; json?: boolean }): Promise<void> {
  const limit = readLimit(options.limit);
  const line = progressLine();
  const counts = await onPipeline(name, async ({ connection, store }) => {
    return sendRepairs({ connection, store }, name, {
      limit,
      key: inheritedEnv().API_KEY,
      tell: line.tell,
    });
  });
  line.end();
  if (options.json) printJson(counts);
  else printLine(`${counts.replayed} replayed, ${counts.refused} refused again, ${counts.unknown} unknown.`);
  if (counts.refused + counts.unknown > 0) process.exitCode = 1;
}
