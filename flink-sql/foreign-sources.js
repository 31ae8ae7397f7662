// Module hooks for sources outside this checkout (pipeline folders, repairs): their imports of "swordlake",
// "swordlake/generator" and "zod" are answered from here; their TypeScript is always read as an ES module.
const kit = new URL("./pipeline.ts", import.meta.url).href;
const generator = new URL("./generator.ts", import.meta.url).href;
const checkout = new URL("..", import.meta.url).href;

export async function resolve(specifier, context, next) {
  if (specifier === "swordlake") return { url: kit, format: "module", shortCircuit: true };
  if (specifier === "swordlake/generator") return { url: generator, format: "module", shortCircuit: true };
  const foreign = context.parentURL !== undefined && !context.parentURL.startsWith(checkout);
  const found =
    foreign && (specifier === "zod" || specifier.startsWith("zod/"))
      ? await next(specifier, { ...context, parentURL: kit })
      : await next(specifier, context);
  const isForeignSource = /\.ts(\?|$)/.test(found.url) && !found.url.startsWith(checkout);
  return isForeignSource ? { ...found, format: "module" } : found;
}
