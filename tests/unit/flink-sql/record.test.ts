import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { acceptEvent, type Edge, requestType } from "../../../flink-sql/envelope.ts";
import { decimal, event, id64 } from "../../../flink-sql/pipeline.ts";
import { acceptRecord, type Recorded, type RecordType } from "../../../flink-sql/record.ts";

const fields = {
  smith: z.string().min(1).max(5),
  mark: z
    .string()
    .regex(/^[a-z]+$/)
    .optional(),
  blows: z.int32().min(1).max(9).default(1),
  turns: z.int().optional(),
  heat: z.number().gt(-3).lt(1e300).optional(),
  is_hot: z.boolean().default(false),
  metal: z.enum(["iron", "silver"]).optional(),
  forged_at: z.iso.datetime({ offset: true }).optional(),
  day: z.iso.date().optional(),
  ore: id64().optional(),
  price: decimal(4, 2).optional(),
  note: z.string().nullable().optional(),
  trimmed: z.string().trim().optional(),
  kind: z.literal("sword").default("sword"),
};

const hammer: RecordType = { type: "hammer", event: event("A smith hammers", fields), key: "smith" };
const computed: RecordType = {
  ...hammer,
  event: event("A smith hammers", fields, {
    computed: { twice: { type: z.int32(), from: (e) => 2 * (e.blows as number) } },
  }),
};

const edge = (given: Partial<Edge> = {}): Edge => ({
  receivedAt: "2026-03-04T05:06:07.089Z",
  host: "here",
  userAgent: 'a "quoted" agent',
  accept: "*/*",
  newId: () => "made",
  ...given,
});

/** What the record must be: the completed event as JSON. */
function reference({ type, event: declared, key }: RecordType, input: unknown, at: Edge): Recorded {
  const verdict = acceptEvent(type, declared, input, at);
  if (!verdict.ok) return verdict;
  const value = verdict.event[key];
  return {
    ok: true,
    eventId: verdict.eventId,
    key: value === undefined || value === null ? null : String(value),
    value: JSON.stringify(verdict.event),
  };
}

const times = fc.constantFrom(
  "2026-01-02T03:04:05Z",
  "2026-01-02T03:04:05.6+02:00",
  "2026-02-30T00:00:00Z",
  "noon",
);
const strange = fc.constantFrom<unknown>(
  null,
  "",
  "x",
  0,
  -0,
  1.5,
  1e21,
  true,
  [],
  {},
  "\ud800",
  'q"\\\n',
  "é😀",
);

/** Right more often than wrong, so that whole events are right often enough. */
const mostly = (right: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { weight: 30, arbitrary: right },
    { weight: 1, arbitrary: strange },
    { weight: 1, arbitrary: times },
  );

const inputs = fc.oneof(
  { weight: 1, arbitrary: strange },
  {
    weight: 20,
    arbitrary: fc
      .record(
        {
          event_id: mostly(fc.stringMatching(/^[A-Za-z0-9_.:-]{1,20}$/)),
          event_time: mostly(
            fc.date({ noInvalidDate: true, min: new Date(0) }).map((date) => date.toISOString()),
          ),
          smith: mostly(fc.string({ minLength: 1, maxLength: 5, unit: "binary" })),
          mark: mostly(fc.stringMatching(/^[a-z]+$/)),
          blows: mostly(fc.integer({ min: 0, max: 10 })),
          turns: mostly(fc.maxSafeInteger()),
          heat: mostly(fc.double()),
          is_hot: mostly(fc.boolean()),
          metal: mostly(fc.constantFrom("iron", "silver", "tin")),
          forged_at: mostly(times),
          day: mostly(fc.constantFrom("2026-02-28", "2026-02-30")),
          ore: mostly(fc.bigInt({ min: 0n, max: 10n ** 19n }).map(String)),
          price: mostly(fc.constantFrom("12.5", "-1", "123.4", "1.234")),
          note: mostly(fc.constantFrom(null, "note")),
          trimmed: mostly(fc.constantFrom(" a ", "b")),
          kind: mostly(fc.constant("sword")),
          other: strange,
        },
        { requiredKeys: ["smith"] },
      )
      .chain(({ other, ...known }) =>
        fc.integer({ min: 0, max: 9 }).map((n) => (n === 0 ? { ...known, other } : known)),
      ),
  },
);

describe("a record", () => {
  it.each([
    ["quickly", hammer],
    ["with computed fields", computed],
    ["keyed by what it may lack", { ...hammer, key: "note" }],
    ["keyed by its id", { ...hammer, key: "event_id" }],
  ])("is what the contract says, to the byte: %s", (_, recordType) => {
    const property = fc.property(inputs, fc.string(), (input, host) => {
      const at = edge({ host });
      expect(acceptRecord(recordType, input, at)).toEqual(reference(recordType, input, at));
    });
    fc.assert(property, { numRuns: 2000 });
  });

  it("of a batch names its type beside its fields, and is the same", () => {
    const property = fc.property(inputs, (input) => {
      if (typeof input !== "object" || input === null || Array.isArray(input)) return;
      const typed = { event_type: "hammer", ...input };
      expect(acceptRecord(hammer, typed, edge(), true)).toEqual(reference(hammer, input, edge()));
    });
    fc.assert(property, { numRuns: 1000 });
    expect(acceptRecord(hammer, { event_type: "hammer", smith: "W" }, edge()).ok).toBe(false);
  });

  it("of a right event needs no look of zod at the whole", () => {
    const whole = vi.spyOn(requestType(hammer.event), "safeParse");
    const input = {
      smith: "Wieland",
      event_id: "1",
      blows: 3,
      heat: 2.5,
      forged_at: "2026-01-02T03:04:05+02:00",
    };
    expect(acceptRecord(hammer, { ...input, smith: "Weland".slice(0, 5) }, edge()).ok).toBe(true);
    expect(whole).not.toHaveBeenCalled();
    expect(acceptRecord(hammer, input, edge()).ok).toBe(false);
    expect(whole).toHaveBeenCalledOnce();
  });

  it("knows each request by its own edge", () => {
    const hosts = ["a", "b"].map((host) => acceptRecord(hammer, { smith: "W" }, edge({ host })));
    expect(hosts.map((each) => each.ok && JSON.parse(each.value).host)).toEqual(["a", "b"]);
  });
});
