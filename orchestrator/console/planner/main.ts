// Plans or applies for the console, in a process of its own: contracts are TypeScript that a process reads once,
// and the console must see them as they are now. Says what it does on stdout, a JSON document a line.
import { readStackConfig } from "../../../stack/config.ts";
import { applyDecision, decide } from "../../deploy/decide.ts";
import { keepPlan } from "../../deploy/kept-plans.ts";
import { connectEngines, type Engines } from "../../engines/engines.ts";
import { openStore } from "../../engines/store.ts";
import type { ApplyStep, Plan } from "../api.ts";

const say = (line: Plan | ApplyStep) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function plan(engines: Engines, pipeline: string | undefined): Promise<void> {
  try {
    const { changes, hash } = await decide(engines, pipeline);
    keepPlan(engines.config, hash, changes);
    say({ hash, changes, problems: [] });
  } catch (error) {
    say({ hash: "", changes: [], problems: (error as Error).message.split("\n") });
  }
}

/** Does what the plan of that hash says, and nothing where the world has moved since. */
async function apply(engines: Engines, pipeline: string | undefined, plan: string): Promise<void> {
  const { actions } = await applyDecision(engines, { pipeline, plan }, (line) => say({ kind: "step", line }));
  say({ kind: "done", steps: actions.length });
}

const [what, name, hash = "", who = ""] = process.argv.slice(2);
const pipeline = name === "-" ? undefined : name;
const engines = await connectEngines(readStackConfig());
const own = what === "apply" ? await openStore(engines.connection.postgres, who) : engines.store;
try {
  if (what === "apply") await apply({ ...engines, store: own }, pipeline, hash);
  else await plan(engines, pipeline);
} catch (error) {
  say({ kind: "failed", message: (error as Error).message });
  process.exitCode = 1;
} finally {
  await Promise.allSettled([
    engines.kafka.close(),
    engines.store.close(),
    ...(own === engines.store ? [] : [own.close()]),
  ]);
}
