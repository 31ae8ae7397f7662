import zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { decoderBytes, decompressZstd } from "../../../game-api/zstd.ts";
import { zstdBomb, zstdFrame } from "../../support/zstd.ts";
import { build, limits } from "./build.ts";

const event = JSON.stringify({ smith_id: "s", blows: 2 });
const plain = Buffer.from(event);
type Compress = (bytes: Buffer) => Buffer;
const encodings: [name: string, compress: Compress][] = [
  ["gzip", (bytes) => zlib.gzipSync(bytes)],
  ["deflate", (bytes) => zlib.deflateSync(bytes)],
  ["zstd", zstdFrame],
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
    ["changed at its start", () => compress(plain).map((byte, at) => (at === 1 ? byte ^ 255 : byte))],
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

describe("a body compressed by libzstd's own compressor, with a checksum", () => {
  const one = "KLUv/SQa0QAAeyJzbWl0aF9pZCI6InMiLCJibG93cyI6Mn3MRP6A";
  const forty =
    "KLUv/WS3By0FAEKIGReAzwGkzCxweWdBdAbd37siIoKlEpjREcTlujHbV89+9m3l5HXakv27dzPvqmbuO2/N+Ne1k39dW9ltU5b/7t3Mu6rB" +
    "lQJGlLMcGGACAiJKkUgKE2GA0GMYI0EB31NJhdS86aE1BE+oEdCvX9sB4JVhDhJwEJCyCv7/G/6YIA44SSUHAEIIUiIGDDEFOaBUsnOn4jAM" +
    "xSgqCICWYVq26jzdVXaxhdE=";
  const bytesOf = (base64: string) => Buffer.from(base64, "base64");
  const events = Array.from({ length: 40 }, (_, n) => ({
    event_type: "hammer",
    smith_id: `smith ${n % 7}`,
    blows: n,
  }));

  it("is taken as what it was: one block, many matches, several frames", () => {
    expect(decompressZstd(bytesOf(one), plain.length).toString()).toBe(event);
    expect(JSON.parse(decompressZstd(bytesOf(forty), 10_000).toString())).toEqual(events);
    const skippable = Buffer.from("502a4d1803000000616263", "hex");
    const frames = Buffer.concat([bytesOf(one), skippable, bytesOf(one)]);
    expect(decompressZstd(frames, 2 * plain.length).toString()).toBe(event + event);
  });

  it("is refused with any of its bytes changed or cut off", () => {
    for (const whole of [bytesOf(one), bytesOf(forty)])
      for (let at = 0; at < whole.length; at += 1) {
        const changed = Buffer.from(whole);
        changed[at]! ^= 0x55;
        expect(() => decompressZstd(changed, 10_000), `byte ${at}`).toThrow(/compress it again|larger than/);
        expect(() => decompressZstd(whole.subarray(0, at), 10_000), `length ${at}`).toThrow(
          /compress it again/,
        );
      }
  });

  it("says what is wrong", () => {
    const checksum = bytesOf(one);
    checksum[checksum.length - 1]! ^= 1;
    expect(() => decompressZstd(checksum, 10_000)).toThrow(/its checksum is another/);
    expect(() => decompressZstd(plain, 10_000)).toThrow(/doesn't begin as a zstd frame does/);
    expect(() => decompressZstd(bytesOf(one).subarray(0, 9), 10_000)).toThrow(/it ended early/);
  });

  it("leaves nothing in the decoder's memory, whatever it was", () => {
    const bomb = zstdBomb(2 ** 30);
    for (let n = 0; n < 200; n += 1)
      expect(() => decompressZstd(bomb, 5 * 2 ** 20)).toThrow(/larger than 5242880 bytes/);
    expect(decompressZstd(bytesOf(one), 5 * 2 ** 20).toString()).toBe(event);
    expect(decoderBytes()).toBeLessThan(32 * 2 ** 20);
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
