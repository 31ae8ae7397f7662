// Where a person gives the key that changes need, sees whose it is, and takes it away again.
import { useRef, useState } from "preact/hooks";
import type { KeyFacts } from "../../../orchestrator/console/api.ts";
import { keepKey, useKey } from "../key.ts";

async function factsOf(key: string): Promise<KeyFacts> {
  const response = await fetch("/api/key", { headers: { authorization: `Bearer ${key}` } });
  const body = (await response.json()) as KeyFacts & { message?: string };
  if (!response.ok) throw new Error(body.message);
  if (!body.scopes.includes("deploy")) throw new Error(`Key ${body.id} lacks the scope deploy.`);
  return body;
}

/** `what` says what the key is for, as in "Applying". */
export function KeyBox({ what }: { what: string }) {
  const key = useKey();
  const input = useRef<HTMLInputElement>(null);
  const [error, setError] = useState("");
  const take = async (event: Event) => {
    event.preventDefault();
    const given = input.current?.value.trim() ?? "";
    try {
      await factsOf(given);
      setError("");
      keepKey(given);
    } catch (refused) {
      setError((refused as Error).message);
    }
  };
  if (key)
    return (
      <p class="quiet">
        Key {key.split("_")[1]} is used, for this tab only.{" "}
        <button type="button" class="plain small" onClick={() => keepKey("")}>
          Forget it
        </button>
      </p>
    );
  return (
    <form class="parameters" onSubmit={take}>
      <label>
        <span>Deploy key</span>
        <input ref={input} type="password" autocomplete="off" required={true} aria-describedby="key-help" />
      </label>
      <button type="submit">Use this key</button>
      <p id="key-help" class="quiet">
        {what} needs a key: <code>npx swordlake keys create NAME --scope deploy</code> makes one.
      </p>
      {error && (
        <p class="why" role="alert">
          {error}
        </p>
      )}
    </form>
  );
}
