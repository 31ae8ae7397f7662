// From the bytes of a body to its value or its text: UTF-8 only, bounded before anything is made of it.
import { isUtf8 } from "node:buffer";
import type { FastifyRequest } from "fastify";
import type { Limits } from "./config.ts";
import { errors } from "./errors.ts";
import { readGuarded } from "./json-guard.ts";

const charsetShape = /;\s*charset\s*=\s*"?([^";\s]*)/i;

/** A charset that isn't UTF-8 is refused, not guessed at. */
export function checkCharset({ headers }: FastifyRequest): void {
  const charset = charsetShape.exec(headers["content-type"] ?? "")?.[1];
  if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset))
    throw errors.Charset(charset.slice(0, 100));
}

function readUtf8(body: Buffer): string {
  // Decoding would quietly replace what isn't UTF-8, and the event would be kept altered.
  if (!isUtf8(body)) throw errors.JsonInvalid("not UTF-8");
  return body.toString("utf8");
}

/** The value of a JSON body; undefined where it is empty. */
export function readJson(body: Buffer, { batchEventsMax }: Limits): unknown {
  // Clients set the type on every request, also where the query string says it all.
  if (body.length === 0) return undefined;
  return readGuarded(readUtf8(body), batchEventsMax);
}

const newline = 10;
const space = 32;

/** The text of an NDJSON body, if neither its lines nor any of them are too many. */
export function readLines(body: Buffer, { batchEventsMax, bodyBytesMax }: Limits): string {
  const text = readUtf8(body);
  let events = 0;
  let line = 1;
  let isBlank = true;
  let from = 0;
  for (let at = 0; at <= body.length; at += 1) {
    const byte = at < body.length ? body[at]! : newline;
    if (byte > space) isBlank = false;
    if (byte !== newline) continue;
    if (at - from > bodyBytesMax) throw errors.LineTooLong(line, bodyBytesMax);
    if (!isBlank) events += 1;
    if (events > batchEventsMax) throw errors.BatchTooLong(batchEventsMax, batchEventsMax);
    from = at + 1;
    line += 1;
    isBlank = true;
  }
  return text;
}
