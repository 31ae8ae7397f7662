// What the console's HTTP API answers: the shapes that its page reads. Types alone, so that the page
// takes no code of the orchestrator with it.

export type Health = "healthy" | "lagging" | "stalled" | "failing" | "stopped" | "unknown";

export interface TopicState {
  name: string;
  /** Records there ever were; null where the topic isn't made yet. */
  records: number | null;
}

export interface JobState {
  name: string;
  /** Flink's word; NOT RUNNING where it knows no such job. */
  state: string;
  /** Records that wait for it; null where that isn't known. */
  lag: number | null;
}

export interface TableState {
  name: string;
  /** Null where the table keeps the latest row of a key: its snapshots don't tell how many those are. */
  rows: string | null;
  snapshot: string | null;
  /** When the newest snapshot was committed. */
  committedAt: string | null;
}

export interface PipelineState {
  name: string;
  title: string;
  health: Health;
  /** Why it isn't healthy, as a sentence; empty where it is. */
  why: string;
  records: number;
  /** Records a second over the last moments; null until there are two looks. */
  rate: number | null;
  lag: number | null;
  /** How old the newest row may be by the contract. */
  freshnessMs: number;
  committedAt: string | null;
  snapshot: string | null;
  topics: TopicState[];
  jobs: JobState[];
  tables: TableState[];
}

export interface Overview {
  at: string;
  /** What couldn't be looked at, as sentences. */
  problems: string[];
  pipelines: PipelineState[];
}

export type NodeKind = "topic" | "job" | "table" | "alert" | "report";

export interface LineageNode {
  /** `<kind>:<name>`. */
  id: string;
  kind: NodeKind;
  name: string;
  title: string;
}

export interface Lineage {
  nodes: LineageNode[];
  /** Ids from where data comes to where it goes. */
  edges: [string, string][];
}

export interface ReportHead {
  name: string;
  title: string;
  question: string;
  isDrawn: boolean;
  parameters: { name: string; value: string; meaning: string }[];
}

export interface PipelinePage {
  name: string;
  title: string;
  freshnessMs: number;
  lineage: Lineage;
  reports: ReportHead[];
  /** Days of which the schedule has written a page of all reports, the newest first. */
  pages: string[];
}

export interface Answer {
  columns: { name: string; type: string }[];
  rows: unknown[][];
  /** Whether there are more rows than these. */
  isCut: boolean;
}

export interface ReportAnswer extends Answer {
  report: ReportHead;
  /** With its parameters filled in. */
  sql: string;
  parameters: Record<string, string>;
  /** SVG for a wide page and for a phone; empty where there is nothing to draw. */
  picture: { wide: string; narrow: string; note: string } | null;
  at: string;
  tookMs: number;
}

export interface TimelineEntry {
  at: string;
  kind: "deploy" | "restart" | "alert" | "key" | "care" | "other";
  who: string;
  action: string;
  subject: string;
  detail: Record<string, unknown>;
}

export interface TimelinePage {
  entries: TimelineEntry[];
  total: number;
}

export interface KeyFacts {
  id: string;
  name: string;
  scopes: string[];
}

export interface LedgerCounts {
  accepted: number;
  landed: number;
  superseded: number;
  filtered: number;
  duplicates: number;
  quarantined: number;
  forgotten: number;
  expired: number;
  inFlight: number;
}

export interface LedgerAnswer extends LedgerCounts {
  at: string;
  tookMs: number;
  /** The sum is right and no problem was found; what is in flight is part of the sum. */
  closed: boolean;
  filteredBy: Record<string, number>;
  partitions: (LedgerCounts & { topic: string; partition: number })[];
  problems: { kind: string; topic: string; partition: number; offset: number; detail: string }[];
}

export interface QuarantineKind {
  stage: string;
  reason: string;
  field: string | null;
  type: string | null;
  items: number;
  newest: string;
}

export interface QuarantineEntry {
  /** topic:partition:offset */
  place: string;
  state: "open" | "repaired" | "replayed" | "refused";
  stage: string;
  reason: string;
  fieldPath: string | null;
  eventType: string | null;
  message: string | null;
  payload: string | null;
  isCut: boolean;
  refusedAt: string;
}

export interface QuarantinePage {
  kinds: QuarantineKind[];
  items: QuarantineEntry[];
  /** Whether there are older ones than these. */
  isCut: boolean;
  /** Repairs that wait to be replayed. */
  waiting: number;
}

export interface Issue {
  path: string;
  message: string;
}

export interface QuarantineDraft extends QuarantineEntry {
  /** The event as JSON, to begin a repair from. */
  draft: string;
  issues: Issue[];
}

export interface RepairOutcome {
  ok: boolean;
  issues: Issue[];
  /** Whether it is kept for replay: it fits, and wasn't replayed before. */
  isKept: boolean;
}

export interface ReplayOutcome {
  replayed: number;
  refused: number;
  unknown: number;
}

export interface AlertEntry {
  id: string;
  pipeline: string;
  alert: string;
  description: string;
  raisedAt: string;
  updatedAt: string;
  /** What it says, in the contract's order. */
  says: [string, string][];
  delivery: string;
}

export interface PlanLine {
  mark: "+" | "-" | " " | "…";
  text: string;
}

export interface PlanChange {
  mark: "+" | "~" | "-";
  /** As the command line says it. */
  line: string;
  pipeline: string;
  diff: PlanLine[];
}

export interface Plan {
  /** Names these changes: apply refuses where they are others by then. */
  hash: string;
  changes: PlanChange[];
  /** Why nothing can be applied, a line each; then there are no changes. */
  problems: string[];
}

/** What apply says, line by line. */
export type ApplyStep =
  | { kind: "step"; line: string }
  | { kind: "wait" }
  | { kind: "done"; steps: number }
  | { kind: "failed"; message: string };
