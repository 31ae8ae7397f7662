// Routes of a pipeline's account: its ledger, what was refused, its repair and replay.
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { mayIngest } from "../../game-api/api-key.ts";
import { inheritedEnv } from "../../stack/config.ts";
import type { Engines } from "../engines/engines.ts";
import { takeLedger } from "../ledger/ledger.ts";
import { shared } from "../once.ts";
import { eventText, type Item, placeName, readEvent, readPlace, repair } from "../quarantine/item.ts";
import { type Filter, kindsQuery, readItems } from "../quarantine/query.ts";
import { type RepairState, repairStates, saveRepair } from "../quarantine/repairs.ts";
import { sendRepairs } from "../quarantine/replay.ts";
import type {
  LedgerAnswer,
  QuarantineDraft,
  QuarantineEntry,
  QuarantinePage,
  RepairOutcome,
  ReplayOutcome,
} from "./api.ts";
import { errors } from "./errors.ts";
import type { Folders } from "./folders.ts";
import { pipelineParams } from "./pipeline-routes.ts";
import { deployerOf } from "./security.ts";

const itemsMax = 200;
const payloadShownMax = 400;
/** A commit follows its checkpoint by moments: an open ledger is read again for so long. */
const settleMs = 3000;
const ledgerForMs = 1500;

const word = z.string().max(200).optional();
const filterQuery = z.strictObject({ reason: word, stage: word, field: word, type: word });
const place = z.string().max(120);
const edit = z.strictObject({ place, event: z.string().max(200_000) });

const readable = (text: string) => {
  try {
    return readPlace(text);
  } catch (error) {
    throw errors.Input((error as Error).message);
  }
};

const entryOf = (item: Item, states: Map<string, RepairState>): QuarantineEntry => {
  const { topic: _topic, partition: _partition, offset: _offset, ...rest } = item;
  return { place: placeName(item), state: states.get(placeName(item)) ?? "open", ...rest };
};

export function careRoutes(server: FastifyInstance, engines: Engines, folders: Folders): void {
  const { lake, store } = engines;
  const pipelineOf = async (params: unknown) => folders.named(pipelineParams.parse(params).pipeline);
  const statesOf = (name: string) => store.transaction((client) => repairStates(client, name));

  const ledgers = new Map<string, () => Promise<LedgerAnswer>>();
  const ledgerOf = (name: string) => {
    const known = ledgers.get(name);
    if (known) return known;
    const take = shared(async () => {
      const started = performance.now();
      const { ledger } = await takeLedger(engines, await folders.named(name), { waitMs: 0, settleMs });
      const tookMs = Math.round(performance.now() - started);
      return { ...ledger, at: new Date().toISOString(), tookMs };
    }, ledgerForMs);
    ledgers.set(name, take);
    return take;
  };
  server.get("/api/pipelines/:pipeline/ledger", async (request) =>
    ledgerOf((await pipelineOf(request.params)).name)(),
  );

  server.get("/api/pipelines/:pipeline/quarantine", async (request): Promise<QuarantinePage> => {
    const { name } = await pipelineOf(request.params);
    const filter: Filter = { ...filterQuery.parse(request.query), places: [] };
    const [{ rows }, items, states] = await Promise.all([
      lake.query(kindsQuery(name, { places: [] })),
      readItems(lake, name, filter, itemsMax + 1, "newest"),
      statesOf(name),
    ]);
    const text = (value: unknown) => (value === null ? null : String(value));
    return {
      kinds: rows.map(([stage, reason, field, type, count, newest]) => ({
        stage: String(stage),
        reason: String(reason),
        field: text(field),
        type: text(type),
        items: Number(count),
        newest: new Date(String(newest)).toISOString(),
      })),
      items: items.slice(0, itemsMax).map((item) => ({
        ...entryOf(item, states),
        payload: item.payload?.slice(0, payloadShownMax) ?? null,
      })),
      isCut: items.length > itemsMax,
      waiting: [...states.values()].filter((state) => state === "repaired").length,
    };
  });

  /** Throws 404 where the quarantine has nothing there. */
  const itemAt = async (name: string, text: string): Promise<Item> => {
    const [item] = await readItems(lake, name, { places: [readable(text)] }, 1);
    if (item) return item;
    throw errors.NotFound(`The quarantine of '${name}' has nothing at ${text}.`);
  };

  server.get("/api/pipelines/:pipeline/quarantine/item", async (request): Promise<QuarantineDraft> => {
    const pipeline = await pipelineOf(request.params);
    const asked = z.strictObject({ place }).parse(request.query);
    const [item, states] = await Promise.all([itemAt(pipeline.name, asked.place), statesOf(pipeline.name)]);
    let sent: Record<string, unknown> = {};
    const verdict = await repair(pipeline, item, {
      set: {},
      unset: [],
      with: (event) => {
        sent = event;
        return event;
      },
    });
    const type = item.eventType && !("event_type" in sent) ? { event_type: item.eventType } : {};
    return {
      ...entryOf(item, states),
      draft: JSON.stringify(JSON.parse(eventText({ ...type, ...sent })), undefined, 2),
      issues: verdict.ok ? [] : verdict.issues,
    };
  });

  const judge = async (pipeline: PipelineFolder, given: z.infer<typeof edit>) => {
    const item = await itemAt(pipeline.name, given.place);
    let event: Record<string, unknown>;
    try {
      event = readEvent(given.event);
    } catch (error) {
      throw errors.Input(`The event is no JSON: ${(error as Error).message}`);
    }
    if (typeof event !== "object" || event === null || Array.isArray(event))
      throw errors.Input('The event is no JSON object: write it as { "field": value }.');
    return { item, verdict: await repair(pipeline, item, { set: {}, unset: [], with: () => event }) };
  };

  server.post("/api/pipelines/:pipeline/quarantine/check", async (request): Promise<RepairOutcome> => {
    const { verdict } = await judge(await pipelineOf(request.params), edit.parse(request.body));
    return { ok: verdict.ok, issues: verdict.ok ? [] : verdict.issues, isKept: false };
  });

  server.post("/api/pipelines/:pipeline/quarantine/repair", async (request): Promise<RepairOutcome> => {
    const { key } = await deployerOf(request, store);
    const pipeline = await pipelineOf(request.params);
    const { item, verdict } = await judge(pipeline, edit.parse(request.body));
    if (!verdict.ok) return { ok: false, issues: verdict.issues, isKept: false };
    const isKept = await store.transaction(async (client) => {
      const saved = await saveRepair(client, pipeline.name, item, verdict.repaired, `key ${key.id}`);
      if (saved)
        await client.addHistory("repair", pipeline.name, {
          events: 1,
          places: [placeName(item)],
          key: key.id,
        });
      return saved;
    });
    return { ok: true, issues: [], isKept };
  });

  server.post("/api/pipelines/:pipeline/quarantine/replay", async (request): Promise<ReplayOutcome> => {
    const { key, token } = await deployerOf(request, store);
    const { name } = await pipelineOf(request.params);
    // A key that may send too is used for it: where the API asks for keys, nobody else's is needed.
    const sender = mayIngest(key, name) ? token : inheritedEnv().API_KEY;
    const addHistory: typeof store.addHistory = (action, subject, detail) =>
      store.addHistory(action, subject, { ...detail, key: key.id });
    return sendRepairs({ ...engines, store: { ...store, addHistory } }, name, { key: sender });
  });
}
