// MinIO's server, built once by Go into the cache: no binary of it is in a package registry.
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { inheritedEnv } from "./config.ts";
import { readVersions } from "./versions.ts";

export const minioBinary = (cache: string) => join(cache, "minio", `${readVersions().minio}`, "minio");

/** Builds MinIO unless the cache has it. Go checks the sources against its checksum database. */
export async function buildMinio(
  cache: string,
  progress: (line: string) => void,
  env: NodeJS.ProcessEnv = inheritedEnv(),
): Promise<void> {
  const binary = minioBinary(cache);
  if (existsSync(binary)) return;
  const version = readVersions().minio;
  const staging = join(cache, "staging", `minio-${process.pid}`);
  mkdirSync(staging, { recursive: true });
  let packages = 0;
  const build = execa(
    "go",
    ["install", "-v", "-trimpath", "-ldflags=-s -w", `github.com/minio/minio@${version}`],
    {
      all: true,
      reject: false,
      // Compilers that collect garbage only beyond 1 GiB: a sixth less time, measured on the standard library.
      env: { GOGC: "off", GOMEMLIMIT: "1GiB", ...env, GOBIN: staging, CGO_ENABLED: "0" },
      extendEnv: false,
    },
  );
  build.all?.on("data", (chunk: Buffer) => {
    packages += String(chunk).split("\n").length - 1;
    progress(`${packages} packages fetched or compiled (about 1,650 in all, 2 to 4 minutes, once)`);
  });
  const result = await build;
  if (result.exitCode !== 0) rmSync(staging, { recursive: true, force: true });
  if (result.code === "ENOENT") {
    throw new Error(
      "Go isn't on the PATH, and STORE=minio builds MinIO with it. Install Go 1.24 or newer " +
        "(Debian: apt install golang; macOS: brew install go), or use STORE=hdfs, which needs no Go.",
      { cause: result },
    );
  }
  if (result.exitCode !== 0) {
    const full = /no space left on device/i.test(result.all ?? "");
    throw new Error(
      full
        ? "The disk is full while Go builds MinIO. Free about 3 GB, or set SWORDLAKE_CACHE and GOCACHE to a larger disk."
        : `Go couldn't build MinIO ${version}:\n${(result.all || `${result.shortMessage}`).split("\n").slice(-5).join("\n")}\n` +
            "Check the network and GOPROXY, then run the command again.",
      { cause: result },
    );
  }
  mkdirSync(join(binary, ".."), { recursive: true });
  renameSync(join(staging, "minio"), binary);
  rmSync(staging, { recursive: true, force: true });
}
