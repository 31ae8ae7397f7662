// Whether anything listens at a URL. Sends nothing, so it leaves no trace in what is counted.
import { connect } from "node:net";
import { UnreachableError } from "./errors.ts";

/** Resolves when a connection comes about; rejects with UnreachableError where none does. */
export function checkReachable(url: string, timeoutMs = 3000): Promise<void> {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port) || (protocol === "https:" ? 443 : 80), host);
    const fail = (detail: string) => {
      socket.destroy();
      reject(new UnreachableError(url, detail));
    };
    socket.setTimeout(timeoutMs, () => fail(`no connection within ${timeoutMs} ms`));
    socket.once("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
  });
}
