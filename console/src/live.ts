// What the orchestrator tells as it happens. One connection for the whole page; the browser opens it again by itself.
import { useEffect, useRef, useState } from "preact/hooks";

let source: EventSource | undefined;
let listeners = 0;

function listen(event: string, take: (data: string) => void): () => void {
  source ??= new EventSource("/api/stream");
  listeners += 1;
  const own = source;
  const heard = (message: Event) => take((message as MessageEvent<string>).data);
  own.addEventListener(event, heard);
  return () => {
    own.removeEventListener(event, heard);
    listeners -= 1;
    if (listeners === 0) {
      own.close();
      source = undefined;
    }
  };
}

/** Calls `take` with each event of that name. */
export function useLive<T>(event: string, take: (data: T) => void): void {
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => listen(event, (data) => latest.current(JSON.parse(data) as T)), [event]);
}

/** Whether the stream is open. */
export function useIsLive(): boolean {
  const [isLive, setIsLive] = useState(source?.readyState === EventSource.OPEN);
  useEffect(() => {
    const timer = setInterval(() => setIsLive(source?.readyState === EventSource.OPEN), 500);
    return () => clearInterval(timer);
  }, []);
  return isLive;
}
