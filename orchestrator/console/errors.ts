// The console's refusals, and how each becomes an answer: { error, message }, never a stack.
import createError from "@fastify/error";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "pino";
import { ZodError } from "zod";
import { TrinoError } from "../engines/trino.ts";

const refusal = (code: string, message: string, status: number) =>
  createError<[string?, string?]>(code, message, status);

export const errors = {
  Host: refusal(
    "host_unknown",
    "Host '%s' is not this console's: open it by the address that 'npx swordlake url console' prints.",
    421,
  ),
  CrossSite: refusal("cross_site", "Requests from other sites are refused.", 403),
  KeyMissing: refusal(
    "key_missing",
    "This changes something: send a key with the scope deploy as 'Authorization: Bearer <key>'. " +
      "'npx swordlake keys create NAME --scope deploy' makes one.",
    401,
  ),
  KeyInvalid: refusal("key_invalid", "No key in force fits: it is unknown, revoked or expired.", 401),
  KeyScope: refusal(
    "key_scope",
    "The key lacks the scope deploy: 'npx swordlake keys create NAME --scope deploy' makes one that has it.",
    403,
  ),
  NotFound: refusal("not_found", "%s", 404),
  Input: refusal("input", "%s", 400),
  Sql: refusal("sql_refused", "%s", 400),
  Busy: refusal("busy", "%s", 429),
  PlanMoved: refusal("plan_moved", "%s", 409),
  Page: refusal("page_not_built", "The page can't be made: %s", 503),
};

interface Known {
  code?: string;
  statusCode?: number;
  message: string;
}

/** Status and body for anything that was thrown. */
export function answerOf(thrown: Known): { status: number; error: string; message: string } {
  if (thrown instanceof ZodError) {
    const message = thrown.issues.map((i) => `${i.path.join(".") || "input"}: ${i.message}`).join("; ");
    return { status: 400, error: "input", message };
  }
  if (thrown instanceof TrinoError) {
    const isUsers = thrown.code !== "GENERIC_INTERNAL_ERROR";
    return { status: isUsers ? 400 : 502, error: thrown.code.toLowerCase(), message: thrown.reason };
  }
  const status = thrown.statusCode ?? 500;
  if (status < 500 || thrown.code === "page_not_built")
    return { status, error: (thrown.code ?? "refused").toLowerCase(), message: thrown.message };
  return {
    status,
    error: "internal",
    message: "The orchestrator couldn't answer: 'npx swordlake logs orchestrator' has the cause.",
  };
}

export const errorHandler =
  (logger: Logger) => (thrown: Known, request: FastifyRequest, reply: FastifyReply) => {
    const { status, ...body } = answerOf(thrown);
    if (status >= 500)
      logger.error({ err: thrown, path: request.routeOptions.url }, "the console couldn't answer");
    return reply.code(status).send(body);
  };
