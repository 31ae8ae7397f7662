// The project's own commands as processes that can be killed, and that all end when chaos does.
import { execa } from "execa";
import { repository } from "../../stack/config.ts";
import type { Ran } from "../support/cli.ts";

export interface Program {
  /** Resolves when it has ended, however that came. */
  done: Promise<Ran>;
  hasEnded(): boolean;
  /** What it has said on stderr so far. */
  said(): string;
  signal(name: NodeJS.Signals): void;
}

export interface Programs {
  start(file: "swordlake" | "loadgen", ...args: string[]): Program;
  /** Runs `swordlake …` to its end. Throws what it said where its exit code isn't 0. */
  swordlake(...args: string[]): Promise<string>;
  /** Ends everything that runs. */
  end(): Promise<void>;
}

const files = {
  swordlake: ["orchestrator/bin.js"],
  loadgen: ["--import", "tsx", "loadgen/main.ts"],
};

/** `env`: what the commands have beside this process' own environment. */
export function createPrograms(env: Record<string, string>): Programs {
  const running = new Set<Program>();
  let isOver = false;

  function start(file: keyof typeof files, ...args: string[]): Program {
    if (isOver) throw new Error("stopped");
    // A group of its own: Ctrl-C is heard here alone, and each is ended in turn.
    const child = execa(process.execPath, [...files[file], ...args], {
      cwd: repository,
      env,
      stdin: "ignore",
      reject: false,
      detached: true,
    });
    let said = "";
    let hasEnded = false;
    child.stderr?.on("data", (chunk) => {
      said += chunk;
    });
    const program: Program = {
      done: child.then(({ exitCode, stdout, stderr }) => {
        hasEnded = true;
        running.delete(program);
        return { exitCode: exitCode ?? 1, stdout, stderr };
      }),
      hasEnded: () => hasEnded,
      said: () => said,
      signal: (name) => void child.kill(name),
    };
    running.add(program);
    return program;
  }

  return {
    start,
    async swordlake(...args) {
      const { exitCode, stdout, stderr } = await start("swordlake", ...args).done;
      if (exitCode !== 0)
        throw new Error(`swordlake ${args.join(" ")} (exit ${exitCode}):\n${stderr}${stdout}`);
      return stdout;
    },
    async end() {
      isOver = true;
      const left = [...running];
      for (const program of left) program.signal("SIGTERM");
      await Promise.all(left.map(({ done }) => done));
    },
  };
}
