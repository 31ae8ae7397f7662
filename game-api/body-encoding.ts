// Compressed request bodies: gzip, deflate (zlib's form) and zstd, never decoded beyond the bytes that the
// route takes; the first two while they arrive.
import { Transform, type TransformCallback } from "node:stream";
import zlib from "node:zlib";
import type { FastifyReply, FastifyRequest, RequestPayload } from "fastify";
import { errors, withDetails } from "./errors.ts";
import { createZstdDecoder } from "./zstd.ts";

const chunkSize = 64 * 1024;

const decoders = new Map<string, (bytesMax: number) => Transform>([
  ["gzip", () => zlib.createGunzip({ chunkSize })],
  ["deflate", () => zlib.createInflate({ chunkSize })],
  ["zstd", createZstdDecoder],
]);

/** Content codings that are read here, as the value of a header. */
export const acceptedEncodings = [...decoders.keys()].join(", ");

/** Fastify counts what came over the wire by this property. */
type Decoded = Transform & { receivedEncodedLength: number };

/** Passes bytes on until there are more than `bytesMax`. */
function bound(bytesMax: number): Decoded {
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      bytes += chunk.length;
      if (bytes > bytesMax) done(errors.BodyTooLarge(bytesMax));
      else done(null, chunk);
    },
  });
  return Object.assign(stream, { receivedEncodedLength: 0 });
}

function decode(payload: RequestPayload, encoding: string, decoder: Transform, bytesMax: number): Decoded {
  const plain = bound(bytesMax);
  // Not by stream.pipeline: it would destroy the request's socket, and nobody would hear what was wrong.
  const stop = (error: Error) => {
    payload.unpipe(decoder);
    payload.resume();
    decoder.destroy();
    plain.destroy(error);
  };
  payload.on("data", (chunk: Buffer) => {
    plain.receivedEncodedLength += chunk.length;
  });
  payload.once("error", stop);
  payload.once("close", () => {
    if (!payload.readableEnded) stop(errors.EncodingInvalid(encoding, "it ended early"));
  });
  decoder.once("error", (error: Error & { statusCode?: number }) =>
    stop(error.statusCode === undefined ? errors.EncodingInvalid(encoding, error.message) : error),
  );
  plain.once("error", stop);
  payload.pipe(decoder).pipe(plain);
  return plain;
}

/** What a body is read from: `payload` itself, or the stream that decodes it. */
export function decodeBody(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: RequestPayload,
): RequestPayload {
  const named = request.headers["content-encoding"]?.trim().toLowerCase();
  if (!named || named === "identity") return payload;
  const decoder = decoders.get(named);
  const bytesMax = request.routeOptions.bodyLimit ?? 0;
  if (decoder) return decode(payload, named, decoder(bytesMax), bytesMax);
  // Its body stays unread: the connection can't be used again.
  reply.header("connection", "close");
  const headers = { "accept-encoding": acceptedEncodings };
  throw withDetails(errors.EncodingUnsupported(named.slice(0, 100), acceptedEncodings), { headers });
}
