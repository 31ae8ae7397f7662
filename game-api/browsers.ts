// Which web pages may send events: cross-origin requests are refused by browsers unless an origin is named.
import cors from "@fastify/cors";
import type { FastifyInstance } from "fastify";

const preflightSeconds = 600;

/** Without origins nothing is served and no header is set. */
export async function admitOrigins(app: FastifyInstance, origins: string[] = []): Promise<void> {
  if (origins.length === 0) return;
  await app.register(cors, {
    origin: origins.includes("*") ? "*" : origins,
    methods: ["GET", "POST"],
    allowedHeaders: ["authorization", "content-encoding", "content-type", "x-api-key", "x-request-id"],
    exposedHeaders: ["retry-after", "x-request-id"],
    maxAge: preflightSeconds,
  });
}
