// Which paths serve which events, derived from the contracts. Refuses two claims to one path,
// naming every such pair at once.

import { contractFingerprint } from "../flink-sql/fingerprint.ts";
import { eventsOf, kafkaTopic } from "../flink-sql/folders.ts";
import type { EventType, Pipeline } from "../flink-sql/pipeline.ts";

/** What the API needs of a pipeline folder. */
export type ServedPipeline = Pipeline & { name: string; path: string };

export interface EventRoute {
  pipeline: string;
  type: string;
  event: EventType;
  /** Kafka topic and the field whose value keys its records. */
  topic: string;
  key: string;
  paths: string[];
}

export interface PipelineRoutes {
  name: string;
  title: string;
  /** Fingerprint of its contract. */
  contract: string;
  /** Path of its batches. */
  path: string;
  events: Map<string, EventRoute>;
}

/** Paths of the API itself, and everything beneath them. */
export const ownPaths = ["/health", "/ready", "/metrics", "/docs", "/openapi.json"];

/** Plain segments only: a ':' or '*' would be a pattern that catches other events' requests. */
const plainPath = /^\/(?:[A-Za-z0-9._~-]+(?:\/[A-Za-z0-9._~-]+)*)?$/;

function routesOf(pipeline: ServedPipeline): PipelineRoutes {
  const events = new Map<string, EventRoute>();
  for (const { type, event, topicName, topic } of eventsOf(pipeline)) {
    const paths = [`/${pipeline.name}/${type}`, ...(event.path ? [event.path] : [])];
    const kafkaName = kafkaTopic(pipeline.name, topicName);
    events.set(type, { pipeline: pipeline.name, type, event, topic: kafkaName, key: topic.key, paths });
  }
  const contract = contractFingerprint(pipeline);
  return { name: pipeline.name, title: pipeline.title, contract, path: `/${pipeline.name}`, events };
}

/** All routes of all pipelines. Throws one error naming every path that two of them claim. */
export function eventRoutes(pipelines: ServedPipeline[]): PipelineRoutes[] {
  const problems: string[] = [];
  const claims = new Map<string, string>();
  const claim = (path: string, by: string) => {
    const own = ownPaths.find((reserved) => path === reserved || path.startsWith(`${reserved}/`));
    const other = own ? "the API itself" : claims.get(path);
    if (other) problems.push(`POST ${path} is claimed by ${other} and by ${by}: change one of them`);
    else claims.set(path, by);
  };
  const all = pipelines.map((pipeline) => {
    const routes = routesOf(pipeline);
    claim(routes.path, `pipeline '${pipeline.name}' (${pipeline.path})`);
    for (const { type, event, paths } of routes.events.values()) {
      if (event.path && !plainPath.test(event.path))
        problems.push(
          `Path '${event.path}' of '${type}' (${pipeline.path}) is no plain path: use "/" or "/word"`,
        );
      for (const path of paths)
        claim(path, `event '${type}' of pipeline '${pipeline.name}' (${pipeline.path})`);
    }
    return routes;
  });
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return all;
}

/** Every path that takes events: of batches, of single events, and their aliases. */
export const pathsOf = (pipelines: PipelineRoutes[]): string[] =>
  pipelines.flatMap(({ path, events }) => [path, ...[...events.values()].flatMap(({ paths }) => paths)]);
