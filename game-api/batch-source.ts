// What a load says of its rows: the place in a file that each is from, and why it couldn't read one. Checked
// as strictly as the events themselves. Only batches may say it.
import { z } from "zod";
import type { Issue } from "../flink-sql/envelope.ts";
import {
  faultCharsMax,
  payloadCharsMax,
  type UnreadableReason,
  unreadableReasons,
} from "../flink-sql/unreadable.ts";
import type { EventRoute } from "./event-routes.ts";

const fileCharsMax = 1024;

const sourceType = z
  .strictObject({ file: z.string().min(1).max(fileCharsMax), line: z.int().min(1) })
  .meta({ description: "Where it was loaded from; kept with what is refused" });

export type Source = z.infer<typeof sourceType>;

const reasons = Object.keys(unreadableReasons) as [UnreadableReason, ...UnreadableReason[]];

const unreadableType = z
  .strictObject({
    event_type: z.string().max(128).optional(),
    source: sourceType.optional(),
    unreadable: z.strictObject({
      // No free text: it is a label of the metrics.
      reason: z.enum(reasons),
      message: z.string().max(faultCharsMax),
      payload: z.string().max(payloadCharsMax),
      path: z.string().max(128).optional(),
    }),
  })
  .meta({
    title: "unreadable",
    description: "A row of a file that can't be read as an event: always rejected, and kept with its reason",
  });

const schemaOf = (type: z.ZodType) => {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io: "input" });
  return schema as Record<string, unknown>;
};
export const sourceSchema = schemaOf(sourceType);
export const unreadableSchema = schemaOf(unreadableType);

/** A contract's own field of that name is no word of a load. */
export const isOwnField = (route: EventRoute | undefined, name: string): boolean =>
  route !== undefined && Object.hasOwn(route.event.fields.shape, name);

const issuesOf = (error: z.ZodError, under: string): Issue[] =>
  error.issues.map(({ path, message }) => ({
    path: [under, ...path.map(String)].filter(Boolean).join("."),
    message,
  }));

/** What is wrong with an event's source; undefined where nothing is. */
export function checkSource(source: unknown): Issue[] | undefined {
  const { file, line } = (source ?? {}) as Partial<Source>;
  // Every row of a load has one that is right: zod is asked for the words alone.
  const isRight =
    typeof file === "string" &&
    file.length > 0 &&
    file.length <= fileCharsMax &&
    Number.isSafeInteger(line) &&
    line! > 0 &&
    Object.keys(source as object).length === 2;
  if (isRight) return undefined;
  const parsed = sourceType.safeParse(source);
  return parsed.success ? undefined : issuesOf(parsed.error, "source");
}

/** A row that couldn't be read, or what is wrong with saying so. */
export function checkUnreadable(value: unknown): z.infer<typeof unreadableType> | { issues: Issue[] } {
  const parsed = unreadableType.safeParse(value);
  return parsed.success ? parsed.data : { issues: issuesOf(parsed.error, "") };
}
