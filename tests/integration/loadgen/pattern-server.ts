// An API on 127.0.0.1 that treats each event as its test says, and remembers what it did.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

export type Fate = "accept" | "refuse" | "unavailable" | "never" | "cut" | "reset" | "half" | "misnamed";

export interface Seen {
  id: string;
  type: string;
  fate: Fate;
  offset: number;
  fields: Record<string, unknown>;
}

export interface PatternServer {
  url: string;
  port: number;
  seen: Seen[];
  requests: { path: string; contentType: string; authorization?: string; events: number }[];
  close(): Promise<void>;
}

type Line = { event_type?: string; event_id: string } & Record<string, unknown>;

function answerSingle(response: ServerResponse, { id, fate, offset }: Seen): void {
  const send = (status: number, body: object) => {
    const text = JSON.stringify(body);
    response.writeHead(status, { "content-type": "application/json", "content-length": text.length });
    if (fate !== "half") return response.end(text);
    response.write(text.slice(0, text.length / 2), () => setTimeout(() => response.destroy(), 5));
  };
  if (fate === "never") return;
  if (fate === "cut") return void response.socket?.end();
  if (fate === "reset") return void response.socket?.resetAndDestroy();
  if (fate === "refuse") return void send(400, { code: "BAD_EVENT", message: "refused", issues: [] });
  if (fate === "unavailable") return void send(503, { code: "UNKNOWN", message: "no answer from Kafka" });
  const event_id = fate === "misnamed" ? `${id}-other` : id;
  send(202, { event_id, topic: "game.events", partition: offset % 4, offset });
}

function answerBatch(response: ServerResponse, seen: Seen[]): void {
  if (seen.some(({ fate }) => fate === "never")) return;
  if (seen.some(({ fate }) => fate === "cut")) return void response.socket?.destroy();
  const results = seen.map(({ id, fate, offset }) => {
    if (fate === "refuse") return { status: "rejected", event_id: id, issues: [] };
    if (fate === "unavailable") return { status: "unknown", event_id: id };
    return { status: "accepted", event_id: id, partition: offset % 4, offset };
  });
  const status = seen.some(({ fate }) => fate === "unavailable") ? 503 : 207;
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ accepted: 0, rejected: 0, results }));
}

/** Starts the server; `fateOf` gets the number at the end of the event_id. */
export async function startPatternServer(
  fateOf: (n: number, line: Line) => Fate,
  { port = 0, delayMs = 0 } = {},
): Promise<PatternServer> {
  const seen: Seen[] = [];
  const requests: PatternServer["requests"] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const path = request.url ?? "";
      const isBatch = path.split("/").length === 2;
      const events = body.split("\n").map((text): Seen => {
        const { event_type, event_id, ...fields } = JSON.parse(text) as Line;
        const fate = fateOf(Number(/\d+$/.exec(event_id)?.[0]), { event_id, ...fields });
        const entry = { id: event_id, type: event_type ?? path.split("/")[2]!, fate, offset: 0, fields };
        entry.offset = seen.push(entry);
        return entry;
      });
      const { authorization, "content-type": contentType } = request.headers;
      requests.push({
        path,
        contentType: `${contentType}`,
        ...(authorization ? { authorization } : {}),
        events: events.length,
      });
      const answer = () => (isBatch ? answerBatch(response, events) : answerSingle(response, events[0]!));
      if (delayMs > 0) setTimeout(answer, delayMs);
      else answer();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const taken = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${taken}`,
    port: taken,
    seen,
    requests,
    close: () =>
      new Promise((resolve) => {
        // A server that is closed already says so in an error, which is as good.
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A folder and servers for the tests of one file; both are gone after them. */
export function usePatternServers() {
  const folder = mkdtempSync(join(tmpdir(), "loadgen-"));
  const servers: PatternServer[] = [];
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.close()));
    rmSync(folder, { recursive: true });
  });
  async function serve(...given: Parameters<typeof startPatternServer>): Promise<PatternServer> {
    const server = await startPatternServer(...given);
    servers.push(server);
    return server;
  }
  return { folder, serve };
}
