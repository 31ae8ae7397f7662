// Files in the instance's object store, as inputs: s3://bucket/key, read as a stream.
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { AwsClient } from "aws4fetch";
import type { Connection } from "./connection.ts";

export interface StoredFile {
  /** Bytes as stored. */
  size: number;
  /** Of its first 64 KiB, its address and its size. */
  hash: string;
  open: () => Promise<Readable>;
}

const headBytes = 64 * 1024;

/** Looks a file up. Throws, naming it and the cure, where the store has no such file or is no S3. */
export async function findStored(
  { addresses, instance, store }: Connection,
  path: string,
): Promise<StoredFile> {
  if (store !== "minio" || !instance)
    throw new Error(
      `${path} can't be read: this instance has no object store of its own. Give a local file.`,
    );
  const { s3AccessKey, s3SecretKey } = instance.secrets;
  const client = new AwsClient({
    accessKeyId: s3AccessKey,
    secretAccessKey: s3SecretKey,
    region: "us-east-1",
    service: "s3",
    retries: 3,
  });
  const key = path.replace("s3://", "").split("/").map(encodeURIComponent).join("/");
  const address = `${addresses.store}/${key}`;
  const ask = async (headers: Record<string, string>) => {
    const answer = await client.fetch(address, { headers });
    if (!answer.ok || !answer.body)
      throw new Error(
        `${path} can't be read: the object store answers ${answer.status}. The bucket and the key must be there.`,
      );
    return answer;
  };
  // An empty file has no first byte that could be asked for.
  const length = Number((await client.fetch(address, { method: "HEAD" })).headers.get("content-length"));
  const head = await ask(length > 0 ? { range: `bytes=0-${headBytes - 1}` } : {});
  const hash = createHash("sha256").update(`${path}\0${length}\0`);
  hash.update(Buffer.from(await head.arrayBuffer()));
  return {
    size: length,
    hash: hash.digest("hex").slice(0, 12),
    open: async () => Readable.fromWeb((await ask({})).body as ReadableStream),
  };
}
