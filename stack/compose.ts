// Compose mode: being written.
import type { StackConfig } from "./config.ts";
import type { EngineName } from "./engine.ts";
import type { Progress } from "./fetch.ts";
import type { Instance } from "./instance.ts";
export async function startCompose(
  _c: StackConfig,
  _i: Instance,
  _p: Progress,
  _s: AbortSignal,
): Promise<void> {}
export async function stopCompose(
  _c: StackConfig,
  _i: Instance,
  _o: { removeVolumes?: boolean },
): Promise<void> {}
export async function composeEngineStates(
  _i: Instance,
): Promise<{ name: EngineName; pid: number | null; running: boolean }[]> {
  return [];
}
