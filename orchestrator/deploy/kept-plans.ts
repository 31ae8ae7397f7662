// Plans that were shown, kept beside the instance: so that apply can name what has moved since.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StackConfig } from "../../stack/config.ts";
import type { PlanChange } from "../console/api.ts";

/** Older ones go: a plan that was looked at so long ago is looked at again. */
const plansMax = 50;

const folderOf = ({ home, instance }: Pick<StackConfig, "home" | "instance">) =>
  join(home, instance, "plans");
const fileOf = (config: StackConfig, hash: string) => join(folderOf(config), `${hash}.json`);

/** Keeps what a plan said, by its name. */
export function keepPlan(config: StackConfig, hash: string, changes: PlanChange[]): void {
  const folder = folderOf(config);
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf(config, hash), JSON.stringify(changes), { mode: 0o600 });
  const known = readdirSync(folder)
    .map((file) => join(folder, file))
    .sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
  for (const file of known.slice(plansMax)) rmSync(file, { force: true });
}

/** What the plan of that name said; undefined where it wasn't shown on this machine, or long ago. */
export function keptPlan(config: StackConfig, hash: string): PlanChange[] | undefined {
  const file = fileOf(config, hash);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as PlanChange[]) : undefined;
}
