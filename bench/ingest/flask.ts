// The peer in Python: its packages in a folder of the cache, and the command that serves it.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { repository } from "../../stack/config.ts";
import type { Command } from "../../stack/processes.ts";

const source = join(repository, "bench/peers/flask");

/** Folder of the virtual environment, made where it isn't yet. */
export async function flaskEnvironment(cache: string, progress: (line: string) => void): Promise<string> {
  const requirements = join(source, "requirements.txt");
  const key = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
  const folder = join(cache, "bench", `flask-${key}`);
  const mark = join(folder, ".complete");
  if (existsSync(mark)) return folder;
  progress("fetching Flask, gunicorn and kafka-python");
  rmSync(folder, { recursive: true, force: true });
  try {
    await execa("python3", ["-m", "venv", folder]);
    await execa(join(folder, "bin/pip"), ["install", "--quiet", "--require-virtualenv", "-r", requirements]);
  } catch (cause) {
    throw new Error(
      `The Flask peer can't be made in ${folder}: ${(cause as Error).message}\n` +
        "It needs python3 with its venv module (Debian: apt install python3-venv) and pip's package index.",
      { cause },
    );
  }
  writeFileSync(mark, "");
  return folder;
}

/**
 * One worker with 64 threads: each waits for its own ack while others work. The fastest of 8, 16, 32 and 64
 * threads without linger, and of 64 with 2 ms of it.
 */
export const flaskCommand = (environment: string, port: number, kafka: string, topic: string): Command => ({
  file: join(environment, "bin/gunicorn"),
  args: [
    ...["--chdir", source, "--bind", `127.0.0.1:${port}`, "--log-level", "warning"],
    ...[
      "--no-control-socket",
      "--workers",
      "1",
      "--worker-class",
      "gthread",
      "--threads",
      "64",
      "--keep-alive",
      "75",
    ],
    "collector:app",
  ],
  env: { BENCH_KAFKA: kafka, BENCH_TOPIC: topic, PYTHONDONTWRITEBYTECODE: "1" },
});
