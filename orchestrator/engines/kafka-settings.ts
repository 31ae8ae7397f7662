// A topic's settings, read and changed. The Kafka client has no call for it, so this speaks the protocol itself: two
// requests in versions that brokers from 2.3 to 4 know.
import { once } from "node:events";
import { createConnection } from "node:net";

const timeoutMs = 10_000;
const clientId = "swordlake";
const topicResource = 2;
const describeConfigs = { key: 32, version: 1 };
const incrementalAlterConfigs = { key: 44, version: 0 };

const int8 = (value: number) => Buffer.from([value]);
const int16 = (value: number) => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const string = (value: string) => Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);
const list = (items: Buffer[]) => Buffer.concat([int32(items.length), ...items]);

/** Reads an answer from its first byte to its last. */
function createReader(bytes: Buffer) {
  let at = 0;
  const take = (size: number) => {
    at += size;
    return at - size;
  };
  const reader = {
    int8: () => bytes.readInt8(take(1)),
    int16: () => bytes.readInt16BE(take(2)),
    int32: () => bytes.readInt32BE(take(4)),
    string(): string | null {
      const size = reader.int16();
      return size < 0 ? null : bytes.toString("utf8", take(size), at);
    },
    list: <T>(item: () => T): T[] => Array.from({ length: Math.max(0, reader.int32()) }, item),
  };
  return reader;
}

/** Sends one request over a connection of its own and returns its answer, without the header. */
async function ask(address: string, { key, version }: typeof describeConfigs, body: Buffer): Promise<Buffer> {
  const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(address) ?? [];
  const socket = createConnection({ host: host.replace(/^\[|\]$/g, ""), port: Number(port) });
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    await once(socket, "connect", { signal });
    const request = Buffer.concat([int16(key), int16(version), int32(1), string(clientId), body]);
    socket.write(Buffer.concat([int32(request.length), request]));
    let answer = Buffer.alloc(0);
    while (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) {
      const [chunk] = (await once(socket, "data", { signal })) as [Buffer];
      answer = Buffer.concat([answer, chunk]);
    }
    return answer.subarray(8);
  } finally {
    socket.destroy();
  }
}

/** The first broker that answers: each knows all topics. */
async function askAny(bootstrap: string, call: typeof describeConfigs, body: Buffer): Promise<Buffer> {
  const failures: string[] = [];
  for (const address of bootstrap.split(",")) {
    try {
      return await ask(address.trim(), call, body);
    } catch (error) {
      failures.push(`${address}: ${(error as Error).message}`);
    }
  }
  throw new Error(`Kafka doesn't tell the settings of topics: ${failures.join("; ")}`);
}

/** Body of DescribeConfigs for one setting of some topics. */
export const settingsRequest = (topics: string[], setting: string): Buffer =>
  Buffer.concat([
    list(topics.map((topic) => Buffer.concat([int8(topicResource), string(topic), list([string(setting)])]))),
    int8(0), // no synonyms
  ]);

/** The setting's value by topic, from the answer to that; topics that are gone are left out. */
export function settingsOf(answer: Buffer, setting: string): Map<string, string> {
  const reader = createReader(answer);
  reader.int32(); // throttle time
  const found = reader.list(() => {
    reader.int16();
    reader.string();
    reader.int8();
    const topic = reader.string() ?? "";
    const configs = reader.list(() => {
      const name = reader.string();
      const value = reader.string();
      reader.int8();
      reader.int8();
      reader.int8();
      reader.list(() => [reader.string(), reader.string(), reader.int8()]);
      return { name, value };
    });
    return { topic, value: configs.find(({ name }) => name === setting)?.value };
  });
  return new Map(found.flatMap(({ topic, value }) => (value ? [[topic, value] as const] : [])));
}

/** The value of a setting by topic; topics that Kafka doesn't have are left out. */
export async function topicSettings(
  bootstrap: string,
  topics: string[],
  setting: string,
): Promise<Map<string, string>> {
  return settingsOf(await askAny(bootstrap, describeConfigs, settingsRequest(topics, setting)), setting);
}

/** Sets one setting of a topic and leaves the others. Throws what the broker says against it. */
export async function setTopicSetting(
  bootstrap: string,
  topic: string,
  setting: string,
  value: string,
): Promise<void> {
  const change = Buffer.concat([string(setting), int8(0), string(value)]);
  const resource = Buffer.concat([int8(topicResource), string(topic), list([change])]);
  const answer = createReader(
    await askAny(bootstrap, incrementalAlterConfigs, Buffer.concat([list([resource]), int8(0)])),
  );
  answer.int32();
  const [said] = answer.list(() => ({ code: answer.int16(), message: answer.string() }));
  if (said && said.code !== 0)
    throw new Error(
      `Kafka doesn't set ${setting} of topic ${topic} to ${value}: ${said.message ?? `error ${said.code}`}`,
    );
}
