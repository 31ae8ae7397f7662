// The deploy key that a person has given: it stays in this tab's session storage, and goes to the orchestrator alone.
import { useEffect, useState } from "preact/hooks";

const name = "swordlake-key";
const changed = "swordlake-key-changed";

const read = () => sessionStorage.getItem(name) ?? "";

/** An empty text takes it away. */
export function keepKey(key: string): void {
  if (key) sessionStorage.setItem(name, key);
  else sessionStorage.removeItem(name);
  dispatchEvent(new Event(changed));
}

export function useKey(): string {
  const [key, setKey] = useState(read);
  useEffect(() => {
    const follow = () => setKey(read());
    addEventListener(changed, follow);
    return () => removeEventListener(changed, follow);
  }, []);
  return key;
}
