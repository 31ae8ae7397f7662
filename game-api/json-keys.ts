// Which key an event has twice: looked for only where it is known that one is, to name it in the refusal.

const strings = /"(?:[^"\\]|\\.)*"|[[\]{},]/g;
const charsMax = 100;

/** The first key that is twice in one object of a valid JSON text; '' where there is none. */
export function duplicateKey(text: string): string {
  /** Keys of the objects around the place looked at; undefined for arrays. */
  const around: (Set<string> | undefined)[] = [];
  let expectsKey = false;
  for (const [token] of text.matchAll(strings)) {
    if (token === "{" || token === "[") around.push(token === "{" ? new Set() : undefined);
    else if (token === "}" || token === "]") around.pop();
    const keys = around.at(-1);
    if (token[0] === '"' && expectsKey) {
      const key = JSON.parse(token) as string;
      if (keys?.has(key)) return key.slice(0, charsMax);
      keys?.add(key);
      expectsKey = false;
    } else expectsKey = keys !== undefined && (token === "{" || token === ",");
  }
  return "";
}
