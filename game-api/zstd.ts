// zstd bodies, decoded by libzstd in WebAssembly: Node brings zstd only from 22.15, and an answer must not
// depend on the Node that gives it. A decoder written in JavaScript checks no sums.
import { Transform, type TransformCallback } from "node:stream";
import { ZSTDDecoder } from "zstddec";
import { errors } from "./errors.ts";

interface Libzstd {
  memory: { buffer: ArrayBuffer };
  malloc(bytes: number): number;
  free(pointer: number): void;
  ZSTD_decompress(to: number, toBytes: number, from: number, fromBytes: number): number;
}

/** Its own `decode` tells an error by an empty result only; the library below it says which. */
class Loader extends ZSTDDecoder {
  static libzstd: Libzstd;
  override _init(loaded: Parameters<ZSTDDecoder["_init"]>[0]): void {
    super._init(loaded);
    Loader.libzstd = loaded.instance.exports as unknown as Libzstd;
  }
}
await new Loader().init();
const { libzstd } = Loader;

/** Names of libzstd's codes; every other is said by its number. */
const troubles: Record<number, string> = {
  10: "it doesn't begin as a zstd frame does",
  20: "its data is corrupted",
  22: "its checksum is another",
  32: "it needs a dictionary",
  72: "it ended early",
};
const destinationTooSmall = 70;
/** Codes are negative numbers from -1; sizes are not. */
const isError = (result: number) => result < 0;

/**
 * The content of all frames of a body. Both have a place in libzstd's memory at once, and nothing else has:
 * the whole content is its own window, so that memory doesn't grow with what a frame asks for.
 * Throws BodyTooLarge beyond `bytesMax`, EncodingInvalid where it is no zstd.
 */
export function decompressZstd(body: Buffer, bytesMax: number): Buffer {
  if (body.length === 0) throw errors.EncodingInvalid("zstd", troubles[72]!);
  const { memory, malloc, free, ZSTD_decompress } = libzstd;
  const from = malloc(body.length);
  const to = malloc(bytesMax);
  try {
    if (from === 0 || to === 0) throw new Error(`No memory to decode a body of ${body.length} bytes.`);
    new Uint8Array(memory.buffer).set(body, from);
    const result = ZSTD_decompress(to, bytesMax, from, body.length);
    if (!isError(result)) return Buffer.from(new Uint8Array(memory.buffer, to, result));
    if (-result === destinationTooSmall) throw errors.BodyTooLarge(bytesMax);
    throw errors.EncodingInvalid("zstd", troubles[-result] ?? `libzstd's error ${-result}`);
  } finally {
    free(to);
    free(from);
  }
}

/** Bytes of memory that libzstd has; never given back. */
export const decoderBytes = () => libzstd.memory.buffer.byteLength;

/** Takes the compressed bytes as they come, never more than `bytesMax`, and decodes them at their end. */
export function createZstdDecoder(bytesMax: number): Transform {
  let parts: Buffer[] = [];
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      bytes += chunk.length;
      if (bytes > bytesMax) return done(errors.BodyTooLarge(bytesMax));
      parts.push(chunk);
      done();
    },
    flush(done: TransformCallback) {
      try {
        done(null, decompressZstd(Buffer.concat(parts), bytesMax));
      } catch (error) {
        done(error as Error);
      } finally {
        parts = [];
      }
    },
    destroy(error, done) {
      parts = [];
      done(error);
    },
  });
}
