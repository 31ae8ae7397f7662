// What differs between two states of a contract, and which differences break: a client that sends as before
// would be refused, a record that is in Kafka would become poison, or a column would change its meaning. Pure.
import type { ContractLock, EventLock, FieldLock } from "./lock.ts";

export interface ContractChange {
  /** One sentence that begins with what changed, quoted as '<event>.<field>'. */
  what: string;
  /** Why it can't be, and what to do instead; undefined where old and new go together. */
  refused?: string;
}

const added = (what: string): ContractChange[] => [{ what }];
const breaking = (what: string, refused: string): ContractChange[] => [{ what, refused }];
const shown = (value: unknown) => (value === undefined ? "none" : JSON.stringify(value));
const names = (record: object) => Object.keys(record);
/** Of two records: names that went, that came, and that stayed. */
function sides(before: object, after: object) {
  return {
    gone: names(before).filter((name) => !(name in after)),
    fresh: names(after).filter((name) => !(name in before)),
    kept: names(after).filter((name) => name in before),
  };
}

const lowerBounds = ["minLength", "minimum", "exclusiveMinimum"];
const upperBounds = ["maxLength", "maximum", "exclusiveMaximum"];

/** Whether every value that the old rule let pass passes the new one, as far as can be shown. */
function loosens(rule: string, before: unknown, after: unknown): boolean {
  if (rule === "nullable") return after === true;
  if (after === undefined) return rule !== "type";
  if (before === undefined) return false;
  if (lowerBounds.includes(rule)) return Number(after) <= Number(before);
  if (upperBounds.includes(rule)) return Number(after) >= Number(before);
  const [old, now] = [before, after].map((value) => (Array.isArray(value) ? value.map(shown) : []));
  if (rule === "enum") return old!.every((value) => now!.includes(value));
  if (rule === "patterns") return now!.every((value) => old!.includes(value));
  return false;
}

function ruleChanges(field: string, before: FieldLock["rules"], after: FieldLock["rules"]): ContractChange[] {
  const rules = [...new Set([...names(before), ...names(after)])];
  return rules
    .filter((rule) => shown(before[rule]) !== shown(after[rule]))
    .flatMap((rule) => {
      const what = `Field '${field}': ${rule} was ${shown(before[rule])}, is ${shown(after[rule])}`;
      if (loosens(rule, before[rule], after[rule])) return added(what);
      const values = rule === "enum" && Array.isArray(before.enum) && Array.isArray(after.enum);
      const lost = values
        ? (before.enum as unknown[]).filter((value) => !(after.enum as unknown[]).includes(value))
        : [];
      return breaking(
        what,
        `clients that send what was right until now would be refused${lost.length > 0 ? `: ${lost.map(shown).join(", ")}` : ""}. ` +
          "Keep the looser rule and filter in the job's SQL, or add a field of another name",
      );
    });
}

const inTopic =
  "records in the topic that were made before lack it and would be quarantined. Declare it .optional(), and give " +
  "the value for those that lack it in the job's SQL, by COALESCE";

function fieldChanges(field: string, before: FieldLock, after: FieldLock): ContractChange[] {
  if (before.type !== after.type)
    return breaking(
      `Field '${field}': its type was ${before.type}, is ${after.type}`,
      "columns and the state of jobs hold the old type. Add a field of another name with the new type",
    );
  const changes = ruleChanges(field, before.rules, after.rules);
  const given = `Field '${field}': given was ${before.given}, is ${after.given}`;
  if (before.given !== after.given) {
    if (after.given === "optional") changes.push(...added(given));
    else if (after.given === "required")
      changes.push(...breaking(given, "clients that don't send it would be refused. Keep it optional"));
    else
      changes.push(
        ...breaking(given, "clients that send it would be refused. Compute a field of another name"),
      );
  }
  const stored = `Field '${field}': an event had it ${before.stored}, has it ${after.stored}`;
  if (before.stored !== after.stored)
    changes.push(...(after.stored === "maybe" ? added(stored) : breaking(stored, inTopic)));
  return changes;
}

function newField(field: string, after: FieldLock, renamedFrom: string | undefined): ContractChange[] {
  const what = `Field '${field}' (${after.type}) is new`;
  if (renamedFrom) return added(what); // what is wrong with it is said of the field that went
  if (after.given === "required")
    return breaking(
      what,
      "and required: clients that don't know it would be refused. Declare it .optional()",
    );
  return after.stored === "always" ? breaking(what, inTopic) : added(what);
}

function eventChanges(type: string, before: EventLock, after: EventLock): ContractChange[] {
  const { gone, fresh, kept } = sides(before.fields, after.fields);
  const renames = new Map(
    gone.flatMap((name) => {
      const to = fresh.find((other) => after.fields[other]!.type === before.fields[name]!.type);
      return to ? [[name, to] as const] : [];
    }),
  );
  const from = (name: string) => gone.find((old) => renames.get(old) === name);
  return [
    ...gone.flatMap((name) => {
      const to = renames.get(name);
      if (before.fields[name]!.given === "no")
        return breaking(
          `Field '${type}.${name}' is gone`,
          "jobs would find it in old records alone. Keep it, and leave it out of the job's SQL",
        );
      return breaking(
        `Field '${type}.${name}' is gone${to ? `, '${type}.${to}' is new: a rename` : ""}`,
        "clients that send it would be refused. " +
          (to
            ? `Keep '${name}' as .optional(), add '${to}' as .optional(), and take COALESCE(${to}, ${name}) in the job's SQL until no client sends the old one`
            : "Keep it as .optional(), and leave it out of the job's SQL"),
      );
    }),
    ...fresh.flatMap((name) => newField(`${type}.${name}`, after.fields[name]!, from(name))),
    ...kept.flatMap((name) => fieldChanges(`${type}.${name}`, before.fields[name]!, after.fields[name]!)),
    ...(before.path && before.path !== after.path
      ? breaking(
          `Event '${type}': its path was ${before.path}, is ${after.path ?? "none"}`,
          "clients that post there would be refused. Keep the path",
        )
      : []),
  ];
}

function topicChanges(before: ContractLock["topics"], after: ContractLock["topics"]): ContractChange[] {
  const { gone, fresh, kept } = sides(before, after);
  const topicOf = (topics: ContractLock["topics"], type: string) =>
    names(topics).find((topic) => type in topics[topic]!.events);
  return [
    ...gone.flatMap((topic) =>
      breaking(
        `Topic '${topic}' is gone`,
        "clients that send its events would be refused. Keep it, and stop reading it",
      ),
    ),
    ...fresh.flatMap((topic) => added(`Topic '${topic}' is new`)),
    ...kept.flatMap((topic) => {
      const [old, now] = [before[topic]!, after[topic]!];
      const events = sides(old.events, now.events);
      return [
        ...(old.key !== now.key
          ? breaking(
              `Topic '${topic}': its key was ${old.key}, is ${now.key}`,
              "what one key must keep in order would lie in two partitions. Declare another topic with the new key",
            )
          : []),
        ...(old.partitions !== now.partitions
          ? breaking(
              `Topic '${topic}': partitions were ${old.partitions}, are ${now.partitions}`,
              "keys would move to other partitions and lose their order. Declare another topic",
            )
          : []),
        ...events.gone.flatMap((type) => {
          const to = topicOf(after, type);
          return breaking(
            `Event '${type}' is gone${to ? ` to topic '${to}'` : ""}`,
            to
              ? "records of it are in both topics then, without order between them. Keep it where it is"
              : "clients that send it would be refused. Keep it, and leave it out of the job's SQL",
          );
        }),
        ...events.fresh.flatMap((type) => (topicOf(before, type) ? [] : added(`Event '${type}' is new`))),
        ...events.kept.flatMap((type) => eventChanges(type, old.events[type]!, now.events[type]!)),
      ];
    }),
  ];
}

const receivers = "receivers of the alert would miss what they know. Declare an alert of another name";

function alertChanges(before: ContractLock["alerts"], after: ContractLock["alerts"]): ContractChange[] {
  const { gone, fresh, kept } = sides(before, after);
  return [
    ...gone.flatMap((name) => breaking(`Alert '${name}' is gone`, receivers)),
    ...fresh.flatMap((name) => added(`Alert '${name}' is new`)),
    ...kept.flatMap((name) => {
      const [old, now] = [before[name]!, after[name]!];
      const fields = sides(old.fields, now.fields);
      return [
        ...(shown(old.key) !== shown(now.key)
          ? breaking(`Alert '${name}': its key was ${shown(old.key)}, is ${shown(now.key)}`, receivers)
          : []),
        ...fields.gone.flatMap((field) => breaking(`Field '${name}.${field}' is gone`, receivers)),
        ...fields.fresh.flatMap((field) => added(`Field '${name}.${field}' is new`)),
        ...fields.kept.flatMap((field) =>
          old.fields[field] === now.fields[field]
            ? []
            : breaking(
                `Field '${name}.${field}': its type was ${old.fields[field]}, is ${now.fields[field]}`,
                receivers,
              ),
        ),
      ];
    }),
  ];
}

/** What changed from `before` to `after`, in the order of the contract; empty where both say the same. */
export const contractChanges = (before: ContractLock, after: ContractLock): ContractChange[] => [
  ...topicChanges(before.topics, after.topics),
  ...alertChanges(before.alerts, after.alerts),
];

/** Changes that break and that the lock doesn't say were agreed to. */
export const refusedChanges = (changes: ContractChange[], accepted: string[]): ContractChange[] =>
  changes.filter(({ what, refused }) => refused !== undefined && !accepted.includes(what));
