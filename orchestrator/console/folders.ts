// The pipelines as the folders declare them now; looked at again every few seconds, not at every request.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import type { StackConfig } from "../../stack/config.ts";
import { declaredPipelines } from "../engines/engines.ts";
import { errors } from "./errors.ts";

const freshMs = 2000;

export interface Folders {
  /** Those that load; `problem` says what keeps the folders from loading as they are now, else it is empty. */
  all(): Promise<{ pipelines: PipelineFolder[]; problem: string }>;
  /** Throws 404 where there is none of that name. */
  named(name: string): Promise<PipelineFolder>;
}

export function createFolders(config: StackConfig): Folders {
  let known: { pipelines: PipelineFolder[]; problem: string } = { pipelines: [], problem: "" };
  let at = Number.NEGATIVE_INFINITY;
  const all = async () => {
    if (performance.now() - at < freshMs) return known;
    at = performance.now();
    known = await declaredPipelines(config).then(
      (pipelines) => ({ pipelines, problem: "" }),
      // A mistake in one folder must not take the page away: what was there before is still what runs.
      (error: Error) => ({ pipelines: known.pipelines, problem: error.message }),
    );
    return known;
  };
  return {
    all,
    async named(name) {
      const { pipelines } = await all();
      const found = pipelines.find((pipeline) => pipeline.name === name);
      if (found) return found;
      const names = pipelines.map((pipeline) => pipeline.name).join(", ") || "none";
      throw errors.NotFound(`No pipeline is named '${name.slice(0, 64)}'. Known: ${names}.`);
    },
  };
}
