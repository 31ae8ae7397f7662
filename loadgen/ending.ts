// How a program of loadgen ends before its time: by a person's signal, or by an error. Pure.
import { CommanderError } from "commander";
import { FormError } from "../flink-sql/row-fields.ts";
import { UnreachableError, UsageError } from "./errors.ts";

const signalExitCodes = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof signalExitCodes;

/** One Ctrl-C can arrive more than once, as the programs around this one pass it on. */
const sameSignalMs = 500;

/** The first signal ends what is sent and waits for answers; after the second nothing is waited for. */
export function createInterrupt(stop: (drainMs?: number) => void) {
  let interruptedBy: Signal | undefined;
  let heardMs = Number.NEGATIVE_INFINITY;
  return {
    hear(signal: Signal): void {
      if (performance.now() - heardMs < sameSignalMs) return;
      heardMs = performance.now();
      stop(interruptedBy ? 0 : undefined);
      interruptedBy = signal;
    },
    /** Undefined where no signal came. */
    exitCode: (): number | undefined => interruptedBy && signalExitCodes[interruptedBy],
  };
}

/** Exit code for an error, and what is to be said of it; commander has said its own. */
export function faultOf(error: unknown): { exitCode: number; message?: unknown } {
  if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? 0 : 2 };
  const isCurable =
    error instanceof UsageError || error instanceof UnreachableError || error instanceof FormError;
  return {
    exitCode: isCurable ? error.exitCode : 1,
    message: error instanceof Error ? error.message : error,
  };
}
