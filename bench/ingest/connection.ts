// One keep-alive HTTP connection of the load generator: a request out, its status back, nothing more.
// As lean as can be, for it shares its core with the broker.
import { createConnection, type Socket } from "node:net";

/** Reads what it must of an answer: status, and where the answer ends. */
export class AnswerReader {
  #head = "";
  #bodyLeft = -1;
  #status = 0;

  /** The status once the whole answer is in, else undefined. One answer at a time is under way. */
  take(chunk: Buffer): number | undefined {
    let bytes = chunk.length;
    if (this.#bodyLeft < 0) {
      const known = this.#head.length;
      // Heads are small; of a body, only the length matters.
      this.#head += chunk.toString("latin1", 0, Math.min(bytes, 4096));
      const end = this.#head.indexOf("\r\n\r\n");
      if (end < 0) return undefined;
      this.#status = Number(this.#head.slice(9, 12));
      this.#bodyLeft = contentLength(this.#head.slice(0, end + 2));
      bytes -= end + 4 - known;
      this.#head = "";
    }
    this.#bodyLeft -= bytes;
    if (this.#bodyLeft > 0) return undefined;
    this.#bodyLeft = -1;
    return this.#status;
  }
}

function contentLength(head: string): number {
  const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`An answer has no content-length: ${JSON.stringify(head)}`);
  return Number(length);
}

export interface Connection {
  /** Only when the last answer is in. */
  send(request: Buffer): void;
  close(): void;
}

/** Resolves when connected. `onAnswer` gets each answer's status; `onBroken` whatever ends the connection. */
export function openConnection(
  port: number,
  onAnswer: (status: number) => void,
  onBroken: (error: Error) => void,
): Promise<Connection> {
  const reader = new AnswerReader();
  return new Promise((resolve, reject) => {
    let isClosing = false;
    const socket: Socket = createConnection({ host: "127.0.0.1", port, noDelay: true });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      socket.on("error", onBroken);
      socket.on("close", () => isClosing || onBroken(new Error(`127.0.0.1:${port} closed a connection`)));
      resolve({
        send: (request) => void socket.write(request),
        close() {
          isClosing = true;
          socket.destroy();
        },
      });
    });
    socket.on("data", (chunk) => {
      try {
        const status = reader.take(chunk);
        if (status !== undefined) onAnswer(status);
      } catch (error) {
        onBroken(error as Error);
      }
    });
  });
}
