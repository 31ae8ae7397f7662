// up, down, clean, status, doctor, logs: the stack as a person handles it.
import { existsSync } from "node:fs";
import { execa } from "execa";
import { composeLogs } from "../../stack/compose-states.ts";
import { readStackConfig } from "../../stack/config.ts";
import { checkMachine } from "../../stack/doctor.ts";
import { type EngineName, engineNames } from "../../stack/engine.ts";
import { type Instance, instanceFolder, logFile, readInstance } from "../../stack/instance.ts";
import { showProgress } from "../../stack/show.ts";
import { cleanStack, engineStates, startStack, stopStack } from "../../stack/stack.ts";
import { resolveConnection } from "../engines/connection.ts";
import { declaredPipelines } from "../engines/engines.ts";
import { readStatus } from "../status.ts";
import { applyAll } from "./deploy.ts";
import { abortOnSignal } from "./interrupt.ts";
import { printJson, printLine, textTable } from "./output.ts";

function printAddresses(instance: Instance): void {
  const { addresses } = resolveConnection({ ...readStackConfig(), stack: "auto" });
  const rows = [
    ["API", addresses.api, "POST events; GET /docs describes it"],
    ["console", addresses.console, "pipelines, reports, ledger, quarantine, deploys: open it in a browser"],
    ["Flink", addresses.flink, "jobs and checkpoints"],
    ["Trino", addresses.trino, "SQL over the lake"],
    ["Kafka", addresses.kafka, ""],
    [
      instance.store === "minio" ? "MinIO" : "HDFS",
      addresses.store,
      `keys in ${instance.folder}/secrets.json`,
    ],
  ];
  printLine(textTable(["", "address", ""], rows));
}

export async function up(options: { apply: boolean; only?: string }): Promise<void> {
  const signal = abortOnSignal();
  const config = readStackConfig();
  const instance = await showProgress("Starting the stack", (tell) => startStack(config, tell, signal));
  if (options.apply) {
    try {
      await showProgress("Applying the pipelines", (tell) => applyAll(tell, options.only));
    } catch (error) {
      throw new Error(
        `The engines run, but not all pipelines could be applied:\n${(error as Error).message}`,
        { cause: error },
      );
    }
  }
  printAddresses(instance);
}

export async function down(): Promise<void> {
  const config = readStackConfig();
  await showProgress("Stopping the stack", (tell) => stopStack(config, (name) => tell(name, "ended")));
  printLine(
    `Instance '${config.instance}' is down. Its data stays in ${instanceFolder(config)}; 'make clean' removes it.`,
  );
}

export async function clean(): Promise<void> {
  const config = readStackConfig();
  await showProgress("Removing the instance", (tell) => cleanStack(config, (name) => tell(name, "ended")));
  printLine(`Instance '${config.instance}' and its data are gone. Downloads stay in ${config.cache}.`);
}

export async function status(options: { json?: boolean }): Promise<void> {
  const config = readStackConfig();
  const connection = resolveConnection(config);
  const engines = connection.instance ? engineStates(config, connection.instance) : Promise.resolve([]);
  const picture = await readStatus(connection, await declaredPipelines(config), engines);
  if (options.json) return void printJson(picture);
  printLine(`mode ${picture.mode}, store ${picture.store}`);
  const engineRows = picture.engines.map((e) => [
    e.healthy ? "healthy" : "DOWN",
    e.name,
    e.version,
    e.address,
    e.pid,
  ]);
  printLine(textTable(["", "engine", "version", "address", "pid"], engineRows));
  const glance = picture.pipelines.map((p) => [
    p.health === "healthy" ? p.health : p.health.toUpperCase(),
    p.name,
    p.why,
  ]);
  if (glance.length > 0) printLine(textTable(["", "pipeline", "why"], glance));
  for (const pipeline of picture.pipelines) {
    printLine(
      textTable(
        ["job", "state", "id"],
        pipeline.jobs.map((j) => [j.name, j.state, j.id]),
      ),
    );
    printLine(
      textTable(
        [`table of ${pipeline.name}`, "rows", "newest snapshot"],
        pipeline.tables.map((t) => [t.name, t.rows, t.snapshot]),
      ),
    );
  }
}

export async function doctor(options: { json?: boolean }): Promise<void> {
  const checks = await checkMachine(readStackConfig());
  if (options.json) printJson(checks);
  else
    for (const check of checks)
      printLine(
        `${check.ok ? "ok  " : "MEND"}  ${check.name}: ${check.found}${check.ok ? "" : `\n      ${check.cure}`}`,
      );
  if (checks.some((check) => !check.ok)) process.exitCode = 1;
}

export async function logs(engine: string, options: { lines: string; follow?: boolean }): Promise<void> {
  const config = readStackConfig();
  const instance = readInstance(config);
  if (!instance)
    throw new Error(`No stack was started as instance '${config.instance}'. Run 'make up' first.`);
  const inContainer =
    instance.mode === "compose" &&
    engineNames.some((name) => name === engine) &&
    !["api", "orchestrator"].includes(engine);
  if (inContainer)
    return composeLogs(instance, engine as EngineName, {
      follow: options.follow ?? false,
      lines: Number(options.lines),
    });
  const names = engine === "hdfs" ? ["namenode", "datanode"] : [engine];
  const files = names.map((name) => logFile(instance, name)).filter(existsSync);
  if (files.length === 0) {
    throw new Error(
      `There is no log of '${engine}'. 'npx swordlake status' lists the engines; logs are in ${instance.folder}/logs.`,
    );
  }
  await execa("tail", ["-n", options.lines, ...(options.follow ? ["-F"] : []), ...files], {
    stdio: "inherit",
    reject: false,
  });
}
