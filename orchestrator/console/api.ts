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
  hasAlerts: boolean;
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
