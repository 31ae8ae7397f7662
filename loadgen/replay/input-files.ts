// The files of a replay: what tells them apart, and their bytes with how many of them are read.
import { createHash } from "node:crypto";
import { closeSync, createReadStream, fstatSync, openSync, readSync } from "node:fs";
import { basename } from "node:path";
import type { Readable } from "node:stream";
import { createGunzip, type Gunzip } from "node:zlib";
import { UsageError } from "../errors.ts";

export interface InputFile {
  path: string;
  form: "csv" | "ndjson";
  /** Bytes on disk. */
  size: number;
  /** Of its name, size and first 64 KiB: what tells it from others. */
  hash: string;
  /** Gives its bytes as stored, where it isn't on this machine's disk. */
  open?: () => Promise<Readable>;
}

const headBytes = 64 * 1024;
const chunkBytes = 64 * 1024;

function describeFile(path: string, form: InputFile["form"]): InputFile {
  try {
    const file = openSync(path, "r");
    try {
      const { size } = fstatSync(file);
      const head = Buffer.alloc(headBytes);
      const read = readSync(file, head, 0, headBytes, 0);
      const hash = createHash("sha256")
        .update(`${basename(path)}\0${size}\0`)
        .update(head.subarray(0, read));
      return { path, form, size, hash: hash.digest("hex").slice(0, 12) };
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw new UsageError(`--${form} '${path}' can't be read: ${(cause as Error).message}.`, { cause });
  }
}

/** Throws UsageError for a file that can't be read or is given twice. */
export function describeFiles(given: { path: string; form: InputFile["form"] }[]): InputFile[] {
  const files = given.map(({ path, form }) => describeFile(path, form));
  for (const [i, { path, hash }] of files.entries()) {
    const same = files.findIndex((other) => other.hash === hash);
    if (same !== i)
      throw new UsageError(`'${path}' and '${files[same]!.path}' are the same file: give it once.`);
  }
  return files;
}

/** The bytes of a file, unpacked where its name ends in .gz. `onBytes` hears how many are read on disk. */
export async function* readBytes(
  { path, open }: InputFile,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Buffer, void> {
  const source = open ? await open() : createReadStream(path, { highWaterMark: chunkBytes });
  let bytes = 0;
  const isPacked = path.endsWith(".gz");
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
  };
  const chunks = isPacked ? unpack(source, count) : source;
  try {
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      if (!isPacked) count(chunk);
      onBytes(bytes);
      yield chunk;
    }
  } catch (cause) {
    throw new Error(`${path}: can't be read on: ${(cause as Error).message}.`, { cause });
  } finally {
    source.destroy();
  }
}

function unpack(source: Readable, onChunk: (chunk: Buffer) => void): Gunzip {
  const unpacked = createGunzip({ chunkSize: chunkBytes });
  source
    .on("error", (error) => unpacked.destroy(error))
    .on("data", onChunk)
    .pipe(unpacked);
  return unpacked;
}
