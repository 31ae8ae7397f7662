// Looks at the lake's files where they are, past every engine: in MinIO by S3, in HDFS by WebHDFS.
import { AwsClient } from "aws4fetch";
import axios from "axios";
import type { Connection } from "../../orchestrator/engines/connection.ts";

/** First and last four bytes of a file of the lake: "PAR1" twice for Parquet. */
export async function fileMarks(connection: Connection, path: string): Promise<[string, string]> {
  const bytes = path.startsWith("s3:") ? await fromS3(connection, path) : await fromHdfs(connection, path);
  return [bytes.subarray(0, 4).toString(), bytes.subarray(-4).toString()];
}

async function fromS3({ addresses, instance }: Connection, path: string): Promise<Buffer> {
  const { s3AccessKey, s3SecretKey } = instance!.secrets;
  const client = new AwsClient({
    accessKeyId: s3AccessKey,
    secretAccessKey: s3SecretKey,
    region: "us-east-1",
    service: "s3",
  });
  const answer = await client.fetch(`${addresses.store}/${path.replace("s3://", "")}`);
  if (!answer.ok) throw new Error(`${path}: MinIO answers ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

async function fromHdfs({ instance }: Connection, path: string): Promise<Buffer> {
  const { pathname } = new URL(path);
  const http = `http://127.0.0.1:${instance!.ports.namenode_http}/webhdfs/v1${pathname}`;
  const answer = await axios.get(http, { params: { op: "OPEN" }, responseType: "arraybuffer" });
  return Buffer.from(answer.data);
}

/** Whether an unsigned request for the file is refused (S3 only; HDFS has no users here). */
export async function anonymousStatus({ addresses }: Connection, path: string): Promise<number> {
  const answer = await axios.get(`${addresses.store}/${path.replace("s3://", "")}`, {
    validateStatus: () => true,
  });
  return answer.status;
}
