// The runtime's source as one text, to be put into a generated client: as it is, but for its imports.
import { readFileSync } from "node:fs";

/** In the order of their imports: what a file uses stands above it. */
const files = ["answer.ts", "options.ts", "backlog.ts", "runtime.ts"];

/** Statements that name another file; in one text there is none. */
const crossings = /^(?:import|export type) [^;]*? from "[^"]+";\n/gm;

/** The text of the runtime's files without their imports of each other. */
export const runtimeSource = (): string =>
  files
    .map((file) =>
      readFileSync(new URL(file, import.meta.url), "utf8")
        .replace(crossings, "")
        .replace(/\n{3,}/g, "\n\n")
        .trim(),
    )
    .join("\n\n");
