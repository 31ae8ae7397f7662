// Winds a server down without breaking a request: no new connections first, then each open one is closed
// with its next answer.
import { Server } from "node:net";
import type { FastifyInstance } from "fastify";

const windingDown = new WeakSet<object>();

/** Whether the app is on its way out: a load balancer should send elsewhere. */
export const isWindingDown = ({ server }: FastifyInstance): boolean => windingDown.has(server);

/** The hook that closes connections with their answers, once it is time. */
export function closeWithAnswers(app: FastifyInstance): void {
  app.addHook("onSend", (_request, reply, _payload, done) => {
    if (isWindingDown(app)) reply.header("connection", "close");
    done();
  });
}

/** Refuses new connections; open ones go on as before. Resolves when the last of them has ended. */
export function stopListening({ server }: FastifyInstance): Promise<void> {
  // http.Server's own close would also cut idle connections, and with them a request just on its way.
  return new Promise((resolve) => Server.prototype.close.call(server, () => resolve()));
}

/** An idle connection may still send a request; one that doesn't for so long is closed without an answer. */
const lingerMs = 1000;

/** Closes each connection with its next answer, then the app. `stopped` is what stopListening gave. */
export async function windDown(app: FastifyInstance, stopped: Promise<void>): Promise<void> {
  windingDown.add(app.server);
  let timer: NodeJS.Timeout | undefined;
  const lingered = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, lingerMs);
  });
  await Promise.race([stopped, lingered]);
  clearTimeout(timer);
  await app.close();
}
