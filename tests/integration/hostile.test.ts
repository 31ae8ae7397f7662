// What hostile clients send over real sockets: each gets its 4xx in time, and the API serves the others.
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import zlib from "node:zlib";
import axios from "axios";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../stack/wait.ts";
import { type OwnApi, startApi } from "../support/api.ts";

const MiB = 1024 * 1024;
let api: OwnApi;

beforeAll(async () => {
  api = await startApi({
    // One, so that its memory is all there is.
    SWORDLAKE_API_PROCESSES: "1",
    SWORDLAKE_API_REQUEST_TIMEOUT_MS: "4000",
    SWORDLAKE_API_DELIVERY_TIMEOUT_MS: "2000",
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

function open(): Promise<Socket> {
  const { port } = new URL(api.url);
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

/** Bytes of memory that the API's process has, now or at most so far. */
async function memory(field: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await readFile(`/proc/${api.pid}/status`, "utf8");
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

describe("2000 idle connections", () => {
  it("don't keep others from sending, and are closed", async () => {
    const sockets: Socket[] = [];
    // No more at once than the kernel holds for a program to take.
    while (sockets.length < 2000) sockets.push(...(await Promise.all(Array.from({ length: 100 }, open))));
    let closed = 0;
    for (const socket of sockets) {
      socket.on("error", () => {});
      socket.once("close", () => {
        closed += 1;
      });
      socket.resume();
    }
    expect(closed).toBe(0);
    for (let n = 0; n < 50; n += 1) await serves();
    await waitFor("the API closed them", async () => closed === sockets.length, { timeoutMs: 30_000 });
    await serves();
  });
});

/** So many zeros, compressed; made without holding them. */
async function bomb(bytes: number): Promise<Buffer> {
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
  it("of 1 GB of zeros, compressed, is refused without holding them", async () => {
    const body = await bomb(1024 * MiB);
    expect(body.length).toBeLessThan(MiB);
    for (let n = 0; n < 20; n += 1) await serves();
    const before = await memory("VmRSS");
    const answers = await Promise.all(
      [eventPath, "/game", eventPath, "/game"].map((path) =>
        post(path, body, { "content-encoding": "gzip" }),
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
