// The page's files: made by Vite from console/ when their sources are new, kept in the cache by a hash of them.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { execa } from "execa";
import { repository } from "../../stack/config.ts";

const sources = join(repository, "console");
/** What the page takes beside its own files. */
const taken = ["orchestrator/reports/result.ts", "package.json"].map((file) => join(repository, file));

/** Names the page that these sources make. */
function sourcesHash(): string {
  const own = readdirSync(sources, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const hash = createHash("sha256");
  for (const file of [...own, ...taken])
    hash.update(`${relative(repository, file)}\n`).update(readFileSync(file));
  return hash.digest("hex").slice(0, 16);
}

/**
 * The folder with the page as it is served. Made beside its place and moved there, so that nobody ever
 * serves half a page. Throws what Vite said where the sources don't build.
 */
export async function preparePage(cache: string): Promise<string> {
  const parent = join(cache, "console");
  const folder = join(parent, sourcesHash());
  if (existsSync(join(folder, "index.html"))) return folder;
  mkdirSync(parent, { recursive: true });
  const making = mkdtempSync(join(parent, "making-"));
  try {
    const vite = join(repository, "node_modules/vite/bin/vite.js");
    const args = [vite, "build", sources, "--outDir", making, "--emptyOutDir", "--logLevel", "error"];
    const built = await execa(process.execPath, args, { cwd: repository, reject: false, stdin: "ignore" });
    if (built.exitCode !== 0) throw new Error(built.stderr || built.shortMessage || "Vite failed");
    // Another orchestrator may have been quicker: its page is the same.
    if (!existsSync(folder)) renameSync(making, folder);
    return folder;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}
