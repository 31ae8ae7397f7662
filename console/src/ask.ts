// Asks the orchestrator: what it answers, or why it doesn't, in its own words.

export class Refused extends Error {
  override name = "Refused";
  readonly code: string;
  readonly status: number;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function refusalOf(response: Response): Promise<Refused> {
  const body = (await response.json().catch(() => ({}))) as { error?: string; message?: string };
  return new Refused(
    response.status,
    body.error ?? "",
    body.message ?? `The orchestrator answered ${response.status}.`,
  );
}

const reach = async (path: string, init: RequestInit): Promise<Response> => {
  try {
    return await fetch(path, init);
  } catch (cause) {
    if ((cause as Error).name === "AbortError") throw cause;
    throw new Refused(0, "away", "The orchestrator doesn't answer. 'npx swordlake status' shows what runs.");
  }
};

export interface Got<T> {
  value: T;
  /** Names this answer: asked again with it, what is still the same isn't sent again. */
  tag: string | null;
}

/** Undefined where it is still as `tag` says. Throws Refused. */
export async function get<T>(
  path: string,
  tag: string | null,
  signal: AbortSignal,
): Promise<Got<T> | undefined> {
  const response = await reach(path, {
    signal,
    headers: tag ? { "if-none-match": tag } : {},
    cache: "no-store",
  });
  if (response.status === 304) return undefined;
  if (!response.ok) throw await refusalOf(response);
  return { value: (await response.json()) as T, tag: response.headers.get("etag") };
}

/** Throws Refused. */
export async function post<T>(path: string, body: unknown, key?: string): Promise<T> {
  const response = await reach(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key ? { authorization: `Bearer ${key}` } : {}) },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw await refusalOf(response);
  return (await response.json()) as T;
}

/** What a path says line by line, a JSON document each, as it comes. Throws Refused. */
export async function* lines<T>(path: string, body: unknown, key: string): AsyncGenerator<T> {
  const response = await reach(path, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
  });
  if (!response.ok || !response.body) throw await refusalOf(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    const cut = (rest + (value ?? "")).split("\n");
    rest = done ? "" : cut.pop()!;
    for (const line of cut) if (line) yield JSON.parse(line) as T;
    if (done) return;
  }
}
