// What a pipeline's generate.ts declares: files like those its users have, with the exact answers that the
// reports must give for them. Pure data and pure functions; orchestrator/commands/generate.ts writes the files.

export interface GenerateOptions {
  /** Rows of data to write, over all files, damage and duplicates included. */
  rows: number;
  seed: number;
  /** Share of rows that are damaged, 0 to 1. */
  damage: number;
}

/** One report's exact answer: values as JSON has them, BIGINT and DECIMAL as text. */
export interface ReportAnswer {
  report: string;
  parameters: Record<string, string>;
  columns: string[];
  rows: (string | number | boolean | null)[][];
  /** The report counts what came, copies included: its answer holds while the files were loaded once. */
  countsCopies?: boolean | undefined;
}

export interface Answers {
  /** Rows read = landed + duplicates + quarantined. */
  read: number;
  landed: number;
  duplicates: number;
  quarantined: number;
  reports: ReportAnswer[];
}

export interface GeneratedFile {
  /** File name, such as "things.csv". */
  name: string;
  /** Event type of its rows. */
  event: string;
}

/** Takes a file's bytes in order: its header and rows, line ends included. */
export type Write = (file: GeneratedFile, bytes: string | Uint8Array) => void;

export interface Generator {
  /** In the order in which they are to be loaded. */
  files: GeneratedFile[];
  generate(options: GenerateOptions, write: Write): Answers;
}

/** The default export of a pipeline's generate.ts. */
export const defineGenerator = (generator: Generator): Generator => generator;

// One import for a generate.ts: what rows are made of, what befalls them, and who writes them.
export * from "./damage.ts";
export * from "./generate-kit.ts";
export * from "./row-writer.ts";
