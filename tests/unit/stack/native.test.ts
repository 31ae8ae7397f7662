import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { readStackConfig } from "../../../stack/config.ts";
import type { EngineProcess } from "../../../stack/engine.ts";
import { type Instance, openInstance } from "../../../stack/instance.ts";
import { startNative, stopNative } from "../../../stack/native.ts";
import { knownProcesses, runningPid } from "../../../stack/processes.ts";

const home = mkdtempSync(join(tmpdir(), "native-"));
afterAll(() => rmSync(home, { recursive: true }));

let instance: Instance;
let made = 0;
let told: string[];
beforeEach(async () => {
  const env = { SWORDLAKE_HOME: home, SWORDLAKE_INSTANCE: `n${made++}` };
  instance = await openInstance(readStackConfig(env), "native", new Set());
  told = [];
});
afterEach(() => stopNative(instance, () => {}));

const tell = (step: string, line: string) => told.push(`${step} ${line.split(" ")[0]}`);
const never = new AbortController().signal;
const start = (engines: EngineProcess[], signal = never) => startNative(instance, engines, tell, signal);
const pidOf = (name: string) => runningPid(instance, name);

/** A small process that serves, as its probe sees it, once it has made a folder. */
function fake(name: string, change: Partial<EngineProcess> & { script?: string } = {}): EngineProcess {
  const mark = join(instance.folder, `data/${name}`);
  const script =
    change.script ??
    `fs.mkdirSync(${JSON.stringify(mark)}, { recursive: true }); setInterval(() => {}, 1000)`;
  return {
    name,
    engine: "api",
    version: "1",
    address: `at ${name}`,
    needs: [],
    prepare: async () => {},
    command: async () => ({
      file: process.execPath,
      args: ["-e", `const fs = require("node:fs"); ${script}`],
    }),
    probe: async () => {
      if (!existsSync(mark)) throw new Error(`${name} isn't there yet`);
    },
    ...change,
  };
}
const lives = "setInterval(() => {}, 1000)";
const isAway = async () => {
  throw new Error("doesn't answer");
};

describe("startNative", () => {
  it("starts in parallel what can be, and each after what it needs", async () => {
    await start([fake("top", { needs: ["left", "right"] }), fake("left"), fake("right")]);
    expect(told.slice(0, 2).sort()).toEqual(["left starting", "right starting"]);
    expect(told.slice(2, 4).sort()).toEqual(["left ready", "right ready"]);
    expect(told.slice(4)).toEqual(["top starting", "top ready"]);
    for (const name of ["top", "left", "right"]) expect(await pidOf(name)).toBeGreaterThan(0);
  });

  it("names an engine that dies at its start, with its last words and the cure, and ends the others", async () => {
    const dying = fake("dying", {
      script: `console.error("No space left on device"); process.exit(1)`,
      probe: isAway,
    });
    const waiting = fake("waiting", { script: lives, probe: isAway });
    const engines = [waiting, fake("well"), dying, fake("later", { needs: ["dying"] })];
    await expect(start(engines)).rejects.toThrow(
      /^dying ended at its start\. The last lines of .*logs\/dying\.log:\nNo space left on device\nThe cure is .*'npx swordlake doctor'.*'make clean'/,
    );
    expect(knownProcesses(instance)).toEqual([]);
    expect(told).not.toContain("later starting");
  });

  it("fails at once where an engine can't be prepared", async () => {
    const prepare = async () => {
      throw new Error("initdb said no");
    };
    await expect(start([fake("well"), fake("odd", { prepare })])).rejects.toThrow(/^initdb said no$/);
    expect(knownProcesses(instance)).toEqual([]);
  });

  it("keeps asking an engine that gives half an answer while it comes up", async () => {
    let asked = 0;
    const probe = async () => {
      if (++asked < 3) throw new TypeError("Cannot read properties of undefined (reading 'slots')");
    };
    await start([fake("half", { probe })]);
    expect(asked).toBe(3);
  });

  it("leaves no process when it is interrupted in the middle", async () => {
    const interrupt = new AbortController();
    const slow = fake("slow", { script: lives, probe: isAway });
    const starting = start([fake("quick"), slow, fake("after", { needs: ["slow"] })], interrupt.signal);
    setTimeout(() => interrupt.abort(new Error("Ctrl-C")), 300);
    await expect(starting).rejects.toThrow(/^Ctrl-C$/);
    expect(knownProcesses(instance)).toEqual([]);
  });

  it("starts nothing when it was interrupted before", async () => {
    await expect(start([fake("a")], AbortSignal.abort(new Error("Ctrl-C")))).rejects.toThrow("Ctrl-C");
    expect(told).toEqual([]);
  });

  it("leaves alone what runs, also when another one fails", async () => {
    await start([fake("first")]);
    const pid = await pidOf("first");
    await start([fake("first"), fake("second")]);
    expect(await pidOf("first")).toBe(pid);
    const failing = start([
      fake("first"),
      fake("second"),
      fake("third", { script: "process.exit(1)", probe: isAway }),
    ]);
    await expect(failing).rejects.toThrow("third ended at its start");
    expect(await pidOf("first")).toBe(pid);
    expect(knownProcesses(instance).sort()).toEqual(["first", "second"]);
  });

  it("starts an engine again that ended", async () => {
    await start([fake("first"), fake("second")]);
    const [first, second] = [await pidOf("first"), await pidOf("second")];
    await stopNative(instance, () => {}, new Set(["second"]));
    await start([fake("first"), fake("second")]);
    expect(await pidOf("first")).not.toBe(first);
    expect(await pidOf("second")).toBe(second);
  });
});

describe("stopNative", () => {
  it("ends the supervisor first, and last what others need", async () => {
    await start(["postgres", "taskmanager", "orchestrator", "kafka", "trino"].map((name) => fake(name)));
    const ended: string[] = [];
    await stopNative(instance, (name) => ended.push(name));
    expect(ended[0]).toBe("orchestrator");
    expect(ended.slice(1, 3).sort()).toEqual(["taskmanager", "trino"]);
    expect(ended.slice(3).sort()).toEqual(["kafka", "postgres"]);
    expect(knownProcesses(instance)).toEqual([]);
    await stopNative(instance, (name) => ended.push(name));
    expect(ended).toHaveLength(5);
  });
});
