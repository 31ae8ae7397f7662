// MinIO: the lake's files behind an S3 address.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import axios from "axios";
import { addressesOf } from "../addresses.ts";
import type { EngineProcess } from "../engine.ts";
import { minioBinary } from "../minio-binary.ts";
import type { NativeContext } from "../native.ts";

export function minioProcess({ instance, config, versions }: NativeContext): EngineProcess {
  const { ports, secrets } = instance;
  const data = join(instance.folder, "data/minio");
  const address = addressesOf(instance).store;
  return {
    name: "minio",
    engine: "minio",
    version: `${versions.minio}`,
    address,
    needs: [],
    async prepare() {
      mkdirSync(join(data, "lake"), { recursive: true }); // a folder found at start is a bucket
    },
    async command() {
      const listen = [
        "--address",
        `127.0.0.1:${ports.minio}`,
        "--console-address",
        `127.0.0.1:${ports.minio_console}`,
      ];
      return {
        file: minioBinary(config.cache),
        args: ["server", ...listen, data],
        env: {
          MINIO_ROOT_USER: secrets.s3AccessKey,
          MINIO_ROOT_PASSWORD: secrets.s3SecretKey,
          MINIO_BROWSER: "off",
          MINIO_UPDATE: "off",
          MINIO_CALLHOME_ENABLE: "off",
        },
      };
    },
    async probe() {
      await axios.get(`${address}/minio/health/cluster`, { timeout: 2000 });
    },
  };
}
