// Processor time of processes and cores, from Linux's procfs.
import { readdirSync, readFileSync } from "node:fs";

/** The kernel's unit in procfs: USER_HZ, 100 on every platform that Node runs on. */
const ticksPerSecond = 100;

interface Stat {
  parent: number;
  cpuSeconds: number;
}

/** Reads the text of /proc/<pid>/stat; the name in brackets may hold anything. */
export function parseStat(text: string): Stat {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return {
    parent: Number(fields[1]),
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
  };
}

function allStats(): Map<number, Stat> {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      stats.set(Number(name), parseStat(readFileSync(`/proc/${name}/stat`, "utf8")));
    } catch {
      // It ended between the listing and the look.
    }
  }
  return stats;
}

/** User and system time of a process and all that descend from it. */
export function cpuSecondsOf(pid: number): number {
  const stats = allStats();
  const isOf = (id: number): boolean => id === pid || (stats.has(id) && isOf(stats.get(id)!.parent));
  return [...stats].reduce((sum, [id, { cpuSeconds }]) => sum + (isOf(id) ? cpuSeconds : 0), 0);
}

/** Busy seconds of one core, whoever made it busy. */
export function coreBusySeconds(core: number, text = readFileSync("/proc/stat", "utf8")): number {
  const line = text.split("\n").find((each) => each.startsWith(`cpu${core} `));
  if (!line) throw new Error(`/proc/stat has no core ${core}: the bench needs two cores`);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq) / ticksPerSecond;
}
