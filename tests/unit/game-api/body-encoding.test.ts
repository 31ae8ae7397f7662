import zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { build, limits } from "./build.ts";

const event = JSON.stringify({ smith_id: "s", blows: 2 });
const plain = Buffer.from(event);
type Compress = (bytes: Buffer) => Buffer;
const zstd = (zlib as unknown as { zstdCompressSync?: Compress }).zstdCompressSync;
const encodings: [name: string, compress: Compress][] = [
  ["gzip", (bytes) => zlib.gzipSync(bytes)],
  ["deflate", (bytes) => zlib.deflateSync(bytes)],
  ...(zstd ? [["zstd", zstd] as [string, Compress]] : []),
];
const names = encodings.map(([name]) => name).join(", ");

async function setUp() {
  const { app, producer } = await build();
  const send = (
    payload: Buffer | string,
    encoding: string,
    url = "/forge/hammer",
    type = "application/json",
  ) =>
    app.inject({
      method: "POST",
      url,
      headers: { "content-type": type, "content-encoding": encoding },
      payload,
    });
  return { send, producer };
}

describe.each(encodings)("a body compressed by %s", (name, compress) => {
  it("is taken as what it was, also in capitals, and in batches", async () => {
    const { send, producer } = await setUp();
    expect((await send(compress(plain), name)).statusCode).toBe(202);
    expect((await send(compress(plain), ` ${name.toUpperCase()} `)).statusCode).toBe(202);
    const lines = Buffer.from(
      `${JSON.stringify({ event_type: "hammer", smith_id: "s", blows: 2 })}\n`.repeat(3),
    );
    expect((await send(compress(lines), name, "/forge", "application/x-ndjson")).statusCode).toBe(202);
    expect(producer.events()).toHaveLength(5);
    for (const kept of producer.events()) expect(kept).toMatchObject({ smith_id: "s", blows: 2 });
  });

  it("is bounded by its decoded size", async () => {
    const { send, producer } = await setUp();
    const fits = Buffer.from(event.padEnd(limits.bodyBytesMax));
    expect((await send(compress(fits), name)).statusCode).toBe(202);
    const over = await send(compress(Buffer.from(event.padEnd(limits.bodyBytesMax + 1))), name);
    expect([over.statusCode, over.json().code]).toEqual([413, "body_too_large"]);
    const bomb = await send(compress(Buffer.alloc(64 * limits.bodyBytesMax)), name);
    expect([bomb.statusCode, bomb.json().code]).toEqual([413, "body_too_large"]);
    expect(producer.records).toHaveLength(1);
  });

  it.each([
    ["plain text", () => plain],
    ["half a stream", () => compress(plain).subarray(0, -9)],
    ["a changed byte", () => compress(plain).map((byte, at) => (at === 12 ? byte ^ 255 : byte))],
    ["nothing", () => Buffer.alloc(0)],
  ])("is refused as %s, with the cure", async (_, bytes) => {
    const { send, producer } = await setUp();
    const answer = await send(Buffer.from(bytes()), name);
    expect([answer.statusCode, answer.json().code]).toEqual([400, "encoding_invalid"]);
    expect(answer.json().message).toMatch(/compress it again/);
    expect([producer.records, producer.quarantine]).toEqual([[], []]);
  });

  it("is kept decoded where its event is refused", async () => {
    const { send, producer } = await setUp();
    const wrong = '{"smith_id":5}';
    expect((await send(compress(Buffer.from(wrong)), name)).statusCode).toBe(400);
    expect(JSON.parse(producer.quarantine[0]!.value).payload).toBe(wrong);
  });
});

describe("a content encoding", () => {
  it("of identity is none", async () => {
    const { send } = await setUp();
    expect((await send(event, "identity")).statusCode).toBe(202);
  });

  it.each(["br", "gzip, gzip", "x", "__proto__"])("that isn't read is refused: %s", async (name) => {
    const { send } = await setUp();
    const answer = await send(plain, name);
    expect([answer.statusCode, answer.json().code]).toEqual([415, "encoding_unsupported"]);
    expect(answer.headers["accept-encoding"]).toBe(names);
  });

  it("may not hide bytes after its end", async () => {
    const { send, producer } = await setUp();
    const answer = await send(Buffer.concat([zlib.gzipSync(plain), Buffer.from("more")]), "gzip");
    expect(answer.statusCode).toBe(400);
    expect(producer.records).toEqual([]);
  });
});
