// What this machine has and lacks for the stack, each lack with its cure.
import { existsSync, mkdirSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { totalmem } from "node:os";
import { execa } from "execa";
import type { StackConfig } from "./config.ts";
import { dockerAnswers } from "./docker.ts";
import { jarModules, missingJars } from "./jars.ts";
import { findJava } from "./jdk.ts";
import { minioBinary } from "./minio-binary.ts";

export interface Check {
  name: string;
  ok: boolean;
  found: string;
  cure: string;
}

async function tool(name: string, args: string[], needed: boolean, cure: string): Promise<Check> {
  const result = await execa(name, args, { reject: false });
  const found = result.exitCode === 0 ? (result.stdout.split("\n")[0] ?? "") : "not found";
  return { name, ok: result.exitCode === 0 || !needed, found, cure };
}

async function jdk(major: number): Promise<Check> {
  return findJava(major).then(
    (java) => ({ name: `JDK ${major}`, ok: true, found: java, cure: "" }),
    (error: Error) => ({ name: `JDK ${major}`, ok: false, found: "not found", cure: error.message }),
  );
}

/** Looks at everything that `up` will need; starts nothing. */
export async function checkMachine(config: StackConfig): Promise<Check[]> {
  mkdirSync(config.cache, { recursive: true });
  const missing = missingJars(config.cache, jarModules);
  const hasMinio = existsSync(minioBinary(config.cache));
  const disk = await statfs(config.cache);
  const freeGib = (disk.bavail * disk.bsize) / 2 ** 30;
  const memoryGib = totalmem() / 2 ** 30;
  const docker = await dockerAnswers();
  return [
    { name: "Node", ok: true, found: process.version, cure: "" },
    await jdk(17),
    await jdk(25),
    await tool(
      "mvn",
      ["-v"],
      missing.length > 0,
      "Install Maven (Debian: apt install maven; macOS: brew install maven).",
    ),
    await tool(
      "go",
      ["version"],
      !hasMinio && config.store !== "hdfs",
      "Install Go 1.24 or newer, or use STORE=hdfs, which needs none.",
    ),
    {
      name: "Docker",
      ok: docker || config.stack !== "compose",
      found: docker ? "answers" : "doesn't answer: native mode is used",
      cure: "Start Docker, or use STACK=native.",
    },
    {
      name: "disk",
      ok: freeGib > 4,
      found: `${freeGib.toFixed(1)} GiB free for ${config.cache}`,
      cure: "Free at least 4 GiB, or set SWORDLAKE_CACHE to a larger disk.",
    },
    {
      name: "memory",
      ok: memoryGib > 5.5,
      found: `${memoryGib.toFixed(1)} GiB`,
      cure: "The stack takes about 4 GiB: use a machine with 6 or more.",
    },
    {
      name: "downloads",
      ok: true,
      found: missing.length === 0 ? "all in the cache" : `to fetch: ${missing.join(", ")}`,
      cure: "",
    },
  ];
}
