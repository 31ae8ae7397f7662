// Routes of plan and apply. Each is a process (planner/main.ts): it ends its work though nobody looks any more.
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { repository } from "../../stack/config.ts";
import type { Engines } from "../engines/engines.ts";
import type { ApplyStep, KeyFacts, Plan } from "./api.ts";
import { errors } from "./errors.ts";
import type { Folders } from "./folders.ts";
import { callerOf, deployerOf } from "./security.ts";

const planner = fileURLToPath(new URL("planner/main.ts", import.meta.url));
const planMs = 120_000;
const stillHereMs = 5000;

const planInput = z.strictObject({ pipeline: z.string().min(1).max(64).optional() });
const applyInput = planInput.extend({ hash: z.string().regex(/^[0-9a-f]{16}$/, "a plan's hash") });

const start = (args: string[], timeout: number) =>
  execa(process.execPath, ["--import", "tsx", planner, ...args], {
    cwd: repository,
    reject: false,
    stdin: "ignore",
    timeout,
  });

export function deployRoutes(server: FastifyInstance, { store }: Engines, folders: Folders): void {
  let applying: string | undefined;
  let planning: Promise<unknown> = Promise.resolve();

  server.get("/api/key", async (request): Promise<KeyFacts> => {
    const { id, name, scopes } = (await callerOf(request, store)).key;
    return { id, name, scopes };
  });

  server.post("/api/plan", async (request): Promise<Plan> => {
    const { pipeline } = planInput.parse(request.body);
    if (pipeline !== undefined) await folders.named(pipeline);
    // One after another: each takes a process and a session of Flink's planner.
    const own = planning.then(() => start(["plan", pipeline ?? "-"], planMs));
    planning = own;
    const { stdout, stderr } = await own;
    const last = stdout.trim().split("\n").at(-1) ?? "";
    const said = last.startsWith("{") ? (JSON.parse(last) as Plan | ApplyStep) : undefined;
    if (said && "changes" in said) return said;
    const why = said && "message" in said ? said.message : stderr.trim() || "The planner said nothing.";
    return { hash: "", changes: [], problems: why.split("\n") };
  });

  server.post("/api/apply", async (request, reply) => {
    const { key } = await deployerOf(request, store);
    const { pipeline, hash } = applyInput.parse(request.body);
    if (pipeline !== undefined) await folders.named(pipeline);
    if (applying) throw errors.Busy(`Key ${applying} applies a plan right now: wait for its end.`);
    applying = key.id;
    const child = start(["apply", pipeline ?? "-", hash, `key ${key.id} (${key.name})`], 0);
    const out = new PassThrough();
    const say = (step: ApplyStep) => out.writable && out.write(`${JSON.stringify(step)}\n`);
    const beat = setInterval(() => say({ kind: "wait" }), stillHereMs);
    let isSaid = false;
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const step = JSON.parse(line) as ApplyStep;
      isSaid ||= step.kind === "done" || step.kind === "failed";
      say(step);
    });
    void child.then(({ stderr }) => {
      clearInterval(beat);
      applying = undefined;
      if (!isSaid) say({ kind: "failed", message: stderr.trim() || "The planner ended without a word." });
      out.end();
    });
    return reply.type("application/x-ndjson; charset=utf-8").send(out);
  });
}
