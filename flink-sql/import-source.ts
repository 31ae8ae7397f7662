// Imports what people write in TypeScript: pipelines, generators, repairs. It may lie outside this checkout.
import { register } from "node:module";
import { relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const checkout = fileURLToPath(new URL("..", import.meta.url));
let foreignSourcesLoad = false;

/** Files outside this checkout have no packages of their own: "swordlake" and "zod" come from here. */
function letForeignSourcesLoad(): void {
  if (!foreignSourcesLoad) register("./foreign-sources.js", import.meta.url);
  foreignSourcesLoad = true;
}

/** What a file exports as its default, undefined where it exports none. Throws what the import throws. */
export async function importDefault<T>(file: string): Promise<T | undefined> {
  const path = resolve(file);
  if (relative(checkout, path).startsWith("..")) letForeignSourcesLoad();
  return ((await import(pathToFileURL(path).href)) as { default?: T }).default;
}
