// What parts of the page remember: the route, the time, what was asked for.
import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "./ask.ts";
import { type Route, readRoute } from "./routes.ts";

export function useRoute(): Route {
  const [route, setRoute] = useState(() => readRoute(location.hash));
  useEffect(() => {
    const follow = () => setRoute(readRoute(location.hash));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return route;
}

/** The time now, looked at again every second while the page is seen. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => document.hidden || setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

export interface Asked<T> {
  value: T | undefined;
  error: Error | undefined;
  again: () => void;
}

/**
 * What a path answers, asked again `everyMs` after each answer while the page is seen. Of another path
 * nothing is kept: its value is undefined until it has answered.
 */
export function useAsked<T>(path: string | undefined, everyMs?: number): Asked<T> {
  const [state, setState] = useState<{ path?: string | undefined; value?: T; error?: Error }>({});
  const [round, setRound] = useState(0);
  const tag = useRef<{ path: string; tag: string | null }>(null);
  useEffect(() => {
    if (path === undefined) return;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      if (!document.hidden) {
        try {
          const known = tag.current?.path === path ? tag.current.tag : null;
          const got = await get<T>(path, known, controller.signal);
          if (got) {
            tag.current = { path, tag: got.tag };
            setState({ path, value: got.value });
          } else setState(({ error: _, ...kept }) => kept);
        } catch (error) {
          if (controller.signal.aborted) return;
          setState((kept) => ({ ...(kept.path === path ? kept : {}), path, error: error as Error }));
        }
      }
      if (everyMs !== undefined && !controller.signal.aborted) timer = setTimeout(ask, everyMs);
    };
    void ask();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs, round]);
  const isOwn = state.path === path;
  return {
    value: isOwn ? state.value : undefined,
    error: isOwn ? state.error : undefined,
    again: () => setRound((n) => n + 1),
  };
}
