import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { buildMinio, minioBinary } from "../../../stack/minio-binary.ts";
import { readVersions } from "../../../stack/versions.ts";

const folder = mkdtempSync(join(tmpdir(), "minio-"));
afterAll(() => rmSync(folder, { recursive: true }));

let made = 0;
/** A cache of its own and an environment whose `go` is the script given; none without one. */
function withGo(script?: string) {
  const place = join(folder, `place${made++}`);
  mkdirSync(join(place, "bin"), { recursive: true });
  if (script) writeFileSync(join(place, "bin/go"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const path = script ? `${join(place, "bin")}:/usr/bin:/bin` : join(place, "bin");
  return { cache: join(place, "cache"), env: { PATH: path } };
}

async function failure(script?: string): Promise<string> {
  const { cache, env } = withGo(script);
  const error = await buildMinio(cache, () => {}, env).then(
    () => new Error("it was built"),
    (cause: Error) => cause,
  );
  expect(existsSync(minioBinary(cache))).toBe(false);
  expect(readdirSync(join(cache, "staging"))).toEqual([]);
  return error.message;
}

describe("buildMinio", () => {
  it("builds the version of stack/jars/pom.xml once", async () => {
    const { cache, env } = withGo(`echo one; echo "$@" > "$GOBIN/minio"`);
    const told: string[] = [];
    await buildMinio(cache, (line) => told.push(line), env);
    expect(readFileSync(minioBinary(cache), "utf8")).toContain(
      `github.com/minio/minio@${readVersions().minio}`,
    );
    expect(told[0]).toMatch(/^1 packages fetched or compiled/);
    expect(readdirSync(join(cache, "staging"))).toEqual([]);
    await buildMinio(cache, () => {}, withGo().env);
  });

  it("leaves a binary alone that is there, and needs no Go for it", async () => {
    const { cache, env } = withGo();
    mkdirSync(dirname(minioBinary(cache)), { recursive: true });
    writeFileSync(minioBinary(cache), "there");
    await buildMinio(cache, () => {}, env);
    expect(readFileSync(minioBinary(cache), "utf8")).toBe("there");
  });

  it("says that Go is missing, how to get it, and the way without", async () => {
    expect(await failure()).toMatch(
      /^Go isn't on the PATH, and STORE=minio builds MinIO with it\. Install Go .* or use STORE=hdfs, which needs no Go\.$/,
    );
  });

  it("says that the disk is full, and what to do", async () => {
    expect(await failure("echo 'write /tmp/go-build: no space left on device' >&2; exit 1")).toMatch(
      /^The disk is full while Go builds MinIO\. Free about 3 GB, or set SWORDLAKE_CACHE and GOCACHE/,
    );
  });

  it("gives Go's last words otherwise, and the cure", async () => {
    const said = await failure("for i in 1 2 3 4 5 6 7; do echo line $i; done; exit 2");
    expect(said).toMatch(
      /^Go couldn't build MinIO v\S+:\nline 3\n[\s\S]*line 7\nCheck the network and GOPROXY/,
    );
    expect(await failure("exit 2")).toContain("exit code 2");
  });
});
