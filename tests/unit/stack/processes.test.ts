import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { readStackConfig } from "../../../stack/config.ts";
import { logFile, openInstance } from "../../../stack/instance.ts";
import {
  knownProcesses,
  lastLines,
  runningPid,
  startProcess,
  stopProcess,
} from "../../../stack/processes.ts";
import { waitFor } from "../../../stack/wait.ts";

const home = mkdtempSync(join(tmpdir(), "processes-"));
const instance = await openInstance(readStackConfig({ SWORDLAKE_HOME: home }), "native", new Set());
afterEach(() => Promise.all(knownProcesses(instance).map((name) => stopProcess(instance, name, 0))));
afterAll(() => rmSync(home, { recursive: true }));

const node = (script: string) => ({ file: process.execPath, args: ["-e", script] });
const idle = "setInterval(() => {}, 1000); console.log('up');";
const log = (name: string) =>
  existsSync(logFile(instance, name)) ? readFileSync(logFile(instance, name), "utf8") : "";
const saysUp = (name: string) =>
  waitFor(`${name} is up`, async () => log(name).includes("up"), { intervalMs: 20 });
const isGone = (pid: number) => {
  const gone = async () => {
    try {
      return !process.kill(pid, 0);
    } catch {
      return true;
    }
  };
  return waitFor(`${pid} is gone`, gone, { intervalMs: 10, timeoutMs: 2000 }); // once its parent has asked for it
};
const runFile = (name: string) => join(instance.folder, "run", `${name}.json`);

describe("a started process", () => {
  it("is known by name, logs into its own file, and has folder and environment as told", async () => {
    const command = node(`console.log('up', process.cwd(), process.env.GREETING); ${idle}`);
    const pid = await startProcess(instance, "one", { ...command, env: { GREETING: "hello" } });
    expect(await runningPid(instance, "one")).toBe(pid);
    expect(knownProcesses(instance)).toEqual(["one"]);
    await saysUp("one");
    expect(log("one")).toContain(`up ${instance.folder} hello`);
    for (const file of [logFile(instance, "one"), runFile("one")])
      expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("is no longer found once it ended by itself, and stopping it is harmless", async () => {
    const pid = await startProcess(instance, "short", node("console.error('bye')"));
    await waitFor("it ends", async () => (await runningPid(instance, "short")) === undefined, {
      intervalMs: 20,
    });
    expect(lastLines(logFile(instance, "short"))).toBe("bye");
    await stopProcess(instance, "short");
    expect(knownProcesses(instance)).toEqual([]);
    expect(pid).toBeGreaterThan(0);
  });

  it("can't be a program that isn't there: the error names both", async () => {
    await expect(startProcess(instance, "none", { file: "/no/such/program", args: [] })).rejects.toThrow(
      /^none can't be started: \/no\/such\/program: .*ENOENT/,
    );
    expect(knownProcesses(instance)).toEqual([]);
  });
});

describe("a pid that was given to another process", () => {
  it("isn't taken for ours, and isn't ended", async () => {
    const pid = await startProcess(instance, "mine", node(idle));
    writeFileSync(runFile("stale"), JSON.stringify({ pid, started: "12345" }));
    expect(await runningPid(instance, "stale")).toBeUndefined();
    await stopProcess(instance, "stale");
    expect(existsSync(runFile("stale"))).toBe(false);
    expect(await runningPid(instance, "mine")).toBe(pid);
  });

  it("nor is one that doesn't exist, or was never heard of", async () => {
    writeFileSync(runFile("gone"), JSON.stringify({ pid: 2 ** 30, started: "1" }));
    expect(await runningPid(instance, "gone")).toBeUndefined();
    expect(await runningPid(instance, "never")).toBeUndefined();
    await stopProcess(instance, "never");
  });
});

describe("a process that ended, but whose parent doesn't ask for it", () => {
  it.each(existsSync("/proc/self/stat") ? ["Linux"] : [])("counts as ended on %s", async () => {
    const command = { file: "/bin/sh", args: ["-c", "true & echo up $!; exec sleep 1000"] };
    await startProcess(instance, "careless", command);
    await saysUp("careless");
    const pid = Number(/up (\d+)/.exec(log("careless"))?.[1]);
    const fields = () =>
      readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ");
    await waitFor("it has ended", async () => fields()[0] === "Z", { intervalMs: 10, timeoutMs: 5000 });
    writeFileSync(runFile("ended"), JSON.stringify({ pid, started: fields()[19] }));
    expect(await runningPid(instance, "ended")).toBeUndefined();
  });
});

describe("stopProcess", () => {
  it("asks first: the process may put its things in order", async () => {
    const orderly = `process.on("SIGTERM", () => { console.log("in order"); process.exit(); }); ${idle}`;
    const pid = await startProcess(instance, "orderly", node(orderly));
    await saysUp("orderly");
    await stopProcess(instance, "orderly");
    expect(log("orderly")).toContain("in order");
    await isGone(pid);
    expect(knownProcesses(instance)).toEqual([]);
  });

  it("insists where it isn't heard", async () => {
    const deaf = `process.on("SIGTERM", () => console.log("heard")); ${idle}`;
    const pid = await startProcess(instance, "deaf", node(deaf));
    await saysUp("deaf");
    await stopProcess(instance, "deaf", 300);
    expect(log("deaf")).toContain("heard");
    await isGone(pid);
  });
});

describe("lastLines", () => {
  it("gives the end of a log, or says that there is none", () => {
    const path = join(home, "some.log");
    expect(lastLines(path)).toBe("(no log was written)");
    writeFileSync(path, `${Array.from({ length: 100 }, (_, i) => `line ${i}`).join("\n")}\n\n`);
    expect(lastLines(path, 2)).toBe("line 98\nline 99");
    expect(lastLines(path).split("\n")).toHaveLength(15);
  });
});

describe("waitFor", () => {
  it("names what it waited for, and how long", async () => {
    await expect(waitFor("the moon", async () => false, { intervalMs: 1, timeoutMs: 20 })).rejects.toThrow(
      "the moon: not so after 0.02 s",
    );
  });

  it("ends with what the condition throws", async () => {
    const failing = async () => {
      throw new Error("broken");
    };
    await expect(waitFor("anything", failing)).rejects.toThrow(/^broken$/);
  });
});
