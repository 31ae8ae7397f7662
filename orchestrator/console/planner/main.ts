// Plans or applies for the console, in a process of its own: contracts are TypeScript that a process reads once,
// and the console must see them as they are now. Says what it does on stdout, a JSON document a line.
import { readStackConfig } from "../../../stack/config.ts";
import { decide, executeAll } from "../../commands/deploy.ts";
import { describeAction } from "../../deploy/reconcile.ts";
import { connectEngines, type Engines } from "../../engines/engines.ts";
import { openStore } from "../../engines/store.ts";
import type { ApplyStep, Plan } from "../api.ts";
import { nameOf, toChanges } from "./changes.ts";

const say = (line: Plan | ApplyStep) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function planned(engines: Engines, pipeline: string | undefined) {
  const actions = await decide(engines, pipeline);
  const changes = toChanges(actions, await engines.store.jobs());
  return { actions, changes, hash: nameOf(changes) };
}

async function plan(engines: Engines, pipeline: string | undefined): Promise<void> {
  try {
    const { changes, hash } = await planned(engines, pipeline);
    say({ hash, changes, problems: [] });
  } catch (error) {
    say({ hash: "", changes: [], problems: (error as Error).message.split("\n") });
  }
}

/** Does what the plan of that hash says, and nothing where the world has moved since. */
async function apply(engines: Engines, pipeline: string | undefined, hash: string): Promise<void> {
  await engines.store.withLease(async () => {
    const now = await planned(engines, pipeline);
    if (now.hash !== hash)
      throw new Error("The plan is another one by now: look at it again before it is applied.");
    const changes = now.actions.map(describeAction);
    if (changes.length > 0)
      await engines.store.addHistory("apply", pipeline ?? "all", { plan: hash, changes });
    await executeAll(engines, now.actions, (line) => say({ kind: "step", line }));
    say({ kind: "done", steps: now.actions.length });
  }, true);
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
