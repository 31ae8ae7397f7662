// What may be wrong with an account, and where.

export interface Problem {
  kind:
    | "lost"
    | "doubled"
    | "doubled in the log"
    | "missing in the log"
    | "missing in the quarantine"
    | "doubled in the quarantine"
    | "not from the topic"
    | "in flight";
  topic: string;
  partition: number;
  offset: number;
  detail: string;
}

export const problem = (
  kind: Problem["kind"],
  topic: unknown,
  partition: unknown,
  offset: unknown,
  detail: string,
): Problem => ({ kind, topic: String(topic), partition: Number(partition), offset: Number(offset), detail });
