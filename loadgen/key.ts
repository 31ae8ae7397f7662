// The API key: from a file or the environment, never from an argument, so that no list of processes and
// no history of commands has it.
import { readFileSync } from "node:fs";
import { UsageError } from "./errors.ts";

const keyForm = /^[\x21-\x7e]{1,500}$/;

/** The file's key, else the environment's, else none. Messages never hold what was read. */
export function readKey(file: string | undefined, fromEnvironment: string | undefined): string | undefined {
  let key = fromEnvironment;
  if (file) {
    try {
      key = readFileSync(file, "utf8");
    } catch (cause) {
      throw new UsageError(`--key-file '${file}' can't be read: ${(cause as Error).message}.`, { cause });
    }
  }
  const trimmed = key?.trim();
  if (!trimmed && !file) return undefined;
  if (!trimmed || !keyForm.test(trimmed))
    throw new UsageError(
      `${file ? `--key-file '${file}'` : "API_KEY"} holds no key: give one line, as 'swordlake keys' printed it.`,
    );
  return trimmed;
}
