// What hostile clients send over real sockets: each gets its 4xx in time, and the API serves the others.
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import zlib from "node:zlib";
import axios from "axios";
import { Pool } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../stack/wait.ts";
import { type OwnApi, startApi } from "../support/api.ts";
import { zstdBomb, zstdEmpties, zstdFrame } from "../support/zstd.ts";

const MiB = 1024 * 1024;
/** Other tests share the machine; what is sent away because of them is no answer to what is sent here. */
const patient = { SWORDLAKE_API_LATE_MS_MAX: "20000" };
let api: OwnApi;

beforeAll(async () => {
  api = await startApi({
    // One, so that its memory is all there is.
    SWORDLAKE_API_PROCESSES: "1",
    SWORDLAKE_API_REQUEST_TIMEOUT_MS: "4000",
    SWORDLAKE_API_DELIVERY_TIMEOUT_MS: "2000",
    ...patient,
  });
});

afterAll(async () => {
  await api?.stop();
});

const event = { user_id: "ada", sword_type: "katana", amount: 1 };
const eventPath = "/game/purchase_sword";
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  axios.post(api.url + path, body, {
    headers: { "content-type": "application/json", ...headers },
    validateStatus: () => true,
    maxBodyLength: Number.POSITIVE_INFINITY,
  });
const serves = async () => expect((await post(eventPath, event)).status).toBe(202);

function open(to = api): Promise<Socket> {
  const { port } = new URL(to.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1", () => resolve(socket));
    socket.once("error", reject);
  });
}

/** Sends bytes as they are; resolves with all that came back, once the API has closed the connection. */
async function speak(bytes: string): Promise<string> {
  const socket = await open();
  let heard = "";
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    heard += chunk;
  });
  socket.write(bytes);
  await closed;
  return heard;
}

/** Bytes of memory that an API's process has, now or at most so far. */
async function memory(field: "VmRSS" | "VmHWM", of = api): Promise<number> {
  const status = await readFile(`/proc/${of.pid}/status`, "utf8");
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) * 1024;
}

const answered = (heard: string) => ({
  status: Number(heard.split(" ")[1]),
  code: (JSON.parse(heard.slice(heard.indexOf("\r\n\r\n"))) as { code: string }).code,
});
const head = `POST ${eventPath} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n`;

describe("bytes that are no request", () => {
  it.each([
    ["nonsense", "\x16\x03\x01\x02\x00 hello\r\n\r\n", 400, "http_invalid"],
    ["another version", "GET / HTTP/7.3\r\n\r\n", 400, "http_invalid"],
    ["two lengths", `${head}content-length: 1\r\ncontent-length: 2\r\n\r\n{}`, 400, "http_invalid"],
    [
      "a length and chunks",
      `${head}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
      "http_invalid",
    ],
    ["a negative length", `${head}content-length: -1\r\n\r\n`, 400, "http_invalid"],
    ["headers beyond 16 KiB", `${head}x-a: ${"a".repeat(17 * 1024)}\r\n\r\n`, 431, "headers_too_large"],
    ["a path beyond 16 KiB", `GET /${"a".repeat(17 * 1024)} HTTP/1.1\r\n\r\n`, 431, "headers_too_large"],
    ["headers that stop", "POST / HTTP/1.1\r\nhost: x\r\nx-a:", 408, "request_timeout"],
    ["a body that stops", `${head}content-length: 100\r\n\r\n{"user_id":`, 408, "request_timeout"],
    ["not a word", "", 408, "request_timeout"],
  ])("are answered and the connection closed: %s", async (_, bytes, status, code) => {
    expect(answered(await speak(bytes))).toEqual({ status, code });
    await serves();
  });
});

const idle = 10_000;
/** Below this, a percentile says more of the machine than of the API. */
const noiseMs = 10;

/** Sends events, few at a time, again and again; the 99th percentile of each round's answers, in ms. */
async function rounds(url: string, count: number): Promise<number[]> {
  const pool = new Pool(new URL(url).origin, { connections: 4 });
  const body = JSON.stringify(event);
  const headers = { "content-type": "application/json" };
  async function one(): Promise<number> {
    const start = performance.now();
    const answer = await pool.request({ path: eventPath, method: "POST", headers, body });
    await answer.body.dump();
    expect(answer.statusCode).toBe(202);
    return performance.now() - start;
  }
  const round = async () => {
    const times: number[] = [];
    const sender = async () => {
      for (let n = 0; n < 50; n += 1) times.push(await one());
    };
    await Promise.all(Array.from({ length: 4 }, sender));
    return times.sort((a, b) => a - b)[Math.floor(0.99 * times.length)]!;
  };
  await round();
  const found: number[] = [];
  while (found.length < count) found.push(await round());
  await pool.close();
  return found;
}
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

describe(`${idle} idle connections`, () => {
  let roomy: OwnApi;
  beforeAll(async () => {
    // Long enough that all of them are there before the first is closed, also on a busy machine.
    const timeout = "12000";
    roomy = await startApi({
      SWORDLAKE_API_PROCESSES: "1",
      SWORDLAKE_API_HEADERS_TIMEOUT_MS: timeout,
      SWORDLAKE_API_REQUEST_TIMEOUT_MS: timeout,
      ...patient,
    });
  });
  afterAll(async () => {
    await roomy?.stop();
  });

  it("don't slow others down, cost little memory, and are answered 408 and closed", async () => {
    const before = median(await rounds(roomy.url, 7));
    const emptyBytes = await memory("VmRSS", roomy);
    const sockets: Socket[] = [];
    let closed = 0;
    let late = 0;
    // No more at once than the kernel holds for a program to take.
    while (sockets.length < idle) {
      const some = await Promise.all(Array.from({ length: 250 }, () => open(roomy)));
      for (const socket of some) {
        socket.on("error", () => {});
        socket.once("close", () => {
          closed += 1;
        });
        socket.once("data", (chunk: Buffer) => {
          if (chunk.toString("latin1").startsWith("HTTP/1.1 408 ")) late += 1;
        });
      }
      sockets.push(...some);
    }
    expect(closed).toBe(0);
    const eachBytes = ((await memory("VmRSS", roomy)) - emptyBytes) / idle;
    const beside = median(await rounds(roomy.url, 7));
    process.stdout.write(
      `${idle} idle connections: ${(eachBytes / 1024).toFixed(1)} KiB each; others' p99 ` +
        `${before.toFixed(1)} ms before, ${beside.toFixed(1)} ms beside them\n`,
    );
    expect(eachBytes).toBeLessThan(32 * 1024);
    expect(beside).toBeLessThan(2 * Math.max(before, noiseMs));
    await waitFor("the API closed them", async () => closed === idle, { timeoutMs: 30_000 });
    expect(late).toBe(idle);
    expect(roomy.log()).not.toMatch(/"level":(50|60)/);
    await rounds(roomy.url, 1);
  }, 180_000);
});

/** So many zeros, compressed; made without holding them. */
async function gzipBomb(bytes: number): Promise<Buffer> {
  const gzip = zlib.createGzip({ level: 9 });
  const chunks: Buffer[] = [];
  gzip.on("data", (chunk) => chunks.push(chunk));
  const ended = new Promise((resolve) => gzip.once("end", resolve));
  const zeros = Buffer.alloc(MiB);
  for (let sent = 0; sent < bytes; sent += zeros.length)
    if (!gzip.write(zeros)) await new Promise((resolve) => gzip.once("drain", resolve));
  gzip.end();
  await ended;
  await setImmediate();
  return Buffer.concat(chunks);
}

describe("a body", () => {
  it.each([
    ["gzip", gzipBomb],
    ["zstd", async (bytes: number) => zstdBomb(bytes)],
  ])("of 1 GB of zeros, compressed by %s, is refused without holding them", async (encoding, bomb) => {
    const body = await bomb(1024 * MiB);
    expect(body.length).toBeLessThan(MiB);
    for (let n = 0; n < 20; n += 1) await serves();
    const before = await memory("VmRSS");
    const answers = await Promise.all(
      [eventPath, "/game", eventPath, "/game"].map((path) =>
        post(path, body, { "content-encoding": encoding }),
      ),
    );
    for (const { status, data } of answers) expect([status, data.code]).toEqual([413, "body_too_large"]);
    const grown = (await memory("VmHWM")) - before;
    expect(grown).toBeLessThan(50 * MiB);
    await serves();
  });

  const deep = "[".repeat(10_000) + "]".repeat(10_000);
  it.each([
    ["100,000 elements", "/game", `[${"{},".repeat(99_999)}{}]`, 413, "batch_too_long"],
    ["depth 10,000", eventPath, deep, 400, "json_too_deep"],
    ["depth 10,000 in a batch", "/game", `[{"event_type":${deep}}]`, 400, "json_too_deep"],
    ["__proto__", eventPath, '{"user_id":"a","__proto__":{"admin":true}}', 400, "event_invalid"],
    ["a key twice", eventPath, '{"user_id":"a","user_id":"b"}', 400, "json_duplicate_key"],
    ["half a pair", eventPath, '{"user_id":"\\ud800"}', 400, "json_invalid"],
    ["6 MiB", "/game", " ".repeat(6 * MiB), 413, "body_too_large"],
  ])("with %s is refused", async (_, path, body, status, code) => {
    const answer = await post(path, Buffer.from(body));
    expect([answer.status, answer.data.code]).toEqual([status, code]);
    await serves();
  });

  it("of blocks without content, or that is no zstd, is refused, and whole ones are taken", async () => {
    const zstd = (body: Buffer, path = eventPath) => post(path, body, { "content-encoding": "zstd" });
    for (const [body, code] of [
      [zstdEmpties(MiB), "event_invalid"],
      [zstdFrame(Buffer.from(JSON.stringify(event))).subarray(0, -4), "encoding_invalid"],
      [Buffer.from(JSON.stringify(event)), "encoding_invalid"],
    ] as const) {
      const answer = await zstd(body);
      expect([answer.status, answer.data.code]).toEqual([400, code]);
    }
    expect((await zstd(zstdFrame(Buffer.from(JSON.stringify(event))))).status).toBe(202);
    const batch = JSON.stringify(Array(1000).fill({ event_type: "purchase_sword", ...event }));
    expect((await zstd(zstdFrame(Buffer.from(batch)), "/game")).data.accepted).toBe(1000);
  });

  it("that is compressed and breaks off leaves nothing behind", async () => {
    const whole = zlib.gzipSync(JSON.stringify(event));
    const socket = await open();
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.on("error", () => {});
    socket.write(`${head}content-encoding: gzip\r\ncontent-length: ${whole.length}\r\n\r\n`);
    socket.write(whole.subarray(0, 10));
    socket.end();
    socket.resume();
    await closed;
    const answer = await post(eventPath, whole, { "content-encoding": "gzip" });
    expect(answer.status).toBe(202);
  });
});

it("none of this is the API's own fault: its log has no error", () => {
  expect(api.log()).not.toMatch(/"level":(50|60)/);
});
