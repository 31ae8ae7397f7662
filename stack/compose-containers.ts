// Docker as compose mode uses it: running Compose, looking at containers, explaining what failed.
import { join } from "node:path";
import { execa } from "execa";
import { envFile, projectName } from "./compose-settings.ts";
import { inheritedEnv, repository } from "./config.ts";
import type { EngineName } from "./engine.ts";
import type { Instance } from "./instance.ts";

/** Services of docker-compose.yml and the engines that they are. */
export const engineOfService: Record<string, EngineName> = {
  postgres: "postgres",
  kafka: "kafka",
  minio: "minio",
  namenode: "hdfs",
  datanode: "hdfs",
  jobmanager: "jobmanager",
  taskmanager: "taskmanager",
  gateway: "gateway",
  trino: "trino",
};

export interface Container {
  id: string;
  service: string;
  pid: number | null;
  /** Tag of its image. */
  version: string;
  /** Docker's word: running, exited, restarting, created … */
  state: string;
  running: boolean;
  healthy: boolean;
}

/** Compose lets the caller's variables win over the env file: those that it would read are left out. */
export function dockerEnv(env: NodeJS.ProcessEnv = inheritedEnv()): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(SWORDLAKE|COMPOSE)_/.test(name)));
}

const options = { reject: false, extendEnv: false, all: true } as const;

/** Runs `docker compose …` for an instance; `tell` gets each line as it comes. Never throws on a failure. */
export async function compose(
  instance: Instance,
  args: string[],
  { tell = () => {}, signal }: { tell?: (line: string) => void; signal?: AbortSignal } = {},
) {
  const project = ["-p", projectName(instance), "--env-file", envFile(instance)];
  const file = ["-f", join(repository, "docker-compose.yml"), "--progress", "plain"];
  const run = execa("docker", ["compose", ...project, ...file, ...args], {
    ...options,
    env: dockerEnv(),
    ...(signal ? { cancelSignal: signal } : {}),
  });
  run.all.on("data", (chunk: Buffer) => {
    for (const line of String(chunk).split("\n")) if (line.trim()) tell(line.trim());
  });
  return run;
}

async function docker(...args: string[]): Promise<string> {
  const result = await execa("docker", args, { ...options, env: dockerEnv() });
  if (result.exitCode === 0) return result.stdout;
  throw new Error(
    `Docker doesn't do '${args.slice(0, 2).join(" ")}': ${result.all || result.shortMessage}\n` +
      "Start Docker and run the command again; STACK=native needs no Docker.",
    { cause: result },
  );
}

interface Inspected {
  Id: string;
  State: { Status: string; Pid: number; Health?: { Status: string } };
  Config: { Image: string; Labels: Record<string, string> };
}

/** The instance's containers, those that ended too. Throws where Docker doesn't answer. */
export async function containersOf(instance: Pick<Instance, "name">): Promise<Container[]> {
  const label = `label=com.docker.compose.project=${projectName(instance)}`;
  const ids = (
    await docker("ps", "-aq", "--filter", label, "--filter", "label=com.docker.compose.oneoff=False")
  )
    .split("\n")
    .filter(Boolean);
  if (ids.length === 0) return [];
  const inspected = JSON.parse(await docker("inspect", ...ids)) as Inspected[];
  return inspected.map(({ Id, State, Config }) => ({
    id: Id,
    service: Config.Labels["com.docker.compose.service"] ?? "",
    version: Config.Image.split(":").at(-1) ?? "",
    pid: State.Pid || null,
    state: State.Status,
    running: State.Status === "running",
    healthy: State.Status === "running" && (State.Health?.Status ?? "healthy") === "healthy",
  }));
}

/** What a line of Compose's progress says about a service; undefined where it says nothing of use. */
export function serviceEvent(line: string): { service: string; state: string } | undefined {
  const [, name, word] =
    /^(?:Container |Image )?(\S+?)\s+(Pulling|Pulled|Starting|Started|Healthy|Error)\b/.exec(line) ?? [];
  if (!name || !word) return undefined;
  const service = name.replace(/^swordlake-.*-([a-z]+)-\d+$/, "$1");
  return { service, state: word === "Healthy" ? "answers" : word.toLowerCase() };
}

/** The last lines that a container wrote. */
export async function lastContainerLines({ id }: Pick<Container, "id">, lines = 15): Promise<string> {
  const { all } = await execa("docker", ["logs", "--tail", String(lines), id], {
    ...options,
    env: dockerEnv(),
  });
  return all.trim() || "(it wrote nothing)";
}

const cures: [RegExp, string][] = [
  [
    /port is already allocated|address already in use/i,
    "Another program took a port a moment ago: run the command again, it takes a free one.",
  ],
  [/no space left/i, "The disk is full: free about 5 GB ('docker system df' shows what Docker holds)."],
  [
    /mounts denied|not shared from the host/i,
    "Docker may not mount this folder: share it in Docker's settings, or set SWORDLAKE_HOME and SWORDLAKE_CACHE to shared ones.",
  ],
  [
    /cannot connect to the docker daemon|is the docker daemon running|permission denied.*docker.*sock/i,
    "Start Docker, or let this user use it (on Linux: group docker); STACK=native needs no Docker.",
  ],
  [
    /pull access denied|manifest unknown|failed to resolve|no such host|toomanyrequests|i\/o timeout|TLS handshake/i,
    "An image can't be fetched: check the network and 'docker login', then run the command again; STACK=native needs no image.",
  ],
];

/** Why `docker compose up` failed: Docker's own refusal, else the services that aren't well; with a cure. */
export async function explainFailure(instance: Instance, output: string): Promise<string> {
  const start = "The engines don't start in Docker.";
  for (const [pattern, cure] of cures) {
    const refused = output.split("\n").find((line) => pattern.test(line));
    if (refused) return `${start}\n${refused.trim()}\n${cure}`;
  }
  const containers = await containersOf(instance).catch(() => []);
  // What is only created waits for another service, and says nothing.
  const failing = containers.filter((c) => !c.healthy && c.state !== "created").slice(0, 2);
  const told = await Promise.all(
    failing.map(
      async (c) =>
        `${c.service} is ${c.running ? "not healthy" : c.state}; its last lines:\n${await lastContainerLines(c)}`,
    ),
  );
  const own = told.length > 0 ? told : [output.trim().split("\n").slice(-5).join("\n")];
  return (
    `${start}\n${own.join("\n")}\n` +
    "Free memory (the stack takes about 4 GB; Docker Desktop has a limit of its own), or look at the lines above; " +
    "'make clean' starts afresh."
  );
}
