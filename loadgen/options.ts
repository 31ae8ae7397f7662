// Command-line options that can come by environment too, and the kinds of value they take. Pure; each
// refusal names the flag, the value and the cure.
import { InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import { parseProfile, profileCure } from "./profile.ts";

/** A kind of value: how it is read, and how to give it right. */
export interface Kind<T> {
  type: z.ZodType<T>;
  cure: string;
}

export const whole = (min: number, max: number, example: number): Kind<number> => ({
  type: z.coerce.number().int().min(min).max(max),
  cure: `a whole number from ${min} to ${max}, such as ${example}`,
});
export const share: Kind<number> = {
  type: z.coerce.number().min(0).max(1),
  cure: "a share from 0 to 1, such as 0.01",
};
export const seconds: Kind<number> = {
  type: z.coerce.number().min(1).max(3600),
  cure: "seconds from 1 to 3600, such as 10",
};
export const address: Kind<string> = {
  type: z.url({ protocol: /^https?$/ }),
  cure: "an http address, such as http://127.0.0.1:4000",
};
export const word: Kind<string> = {
  type: z.string().regex(/^[A-Za-z0-9_.:-]{1,100}$/),
  cure: "1 to 100 of A-Z a-z 0-9 _ . : -",
};
export const file: Kind<string> = { type: z.string(), cure: "a file name" };
export const list: Kind<string[]> = {
  type: z.string().transform((names) => {
    const given = names.split(",").map((name) => name.trim());
    return given.includes("all") ? [] : given.filter((name) => name !== "");
  }),
  cure: "event types with commas between, or all",
};
export const yes: Kind<boolean> = {
  type: z.enum(["1", "true", "yes", "0", "false", "no"]).transform((v) => ["1", "true", "yes"].includes(v)),
  cure: "yes or no",
};

export const profile: Kind<ReturnType<typeof parseProfile>> = {
  type: z.string().transform((text, context) => {
    try {
      return parseProfile(text);
    } catch (error) {
      context.addIssue({ code: "custom", message: `${(error as Error).message}` });
      return z.NEVER;
    }
  }),
  cure: profileCure,
};
export const oneOf = <T extends string>(...names: [T, ...T[]]): Kind<T> => ({
  type: z.enum(names) as unknown as z.ZodType<T>,
  cure: names.join(" or "),
});

/** An option that can come by environment too; an empty value, as from make, means the default. */
export function option<T>(flags: string, env: string, text: string, kind: Kind<T>, fallback?: T): Option {
  const made = new Option(flags, text).env(env).argParser((value) => {
    if (value.trim() === "") return fallback;
    const parsed = kind.type.safeParse(value);
    if (!parsed.success) {
      const said = parsed.error.issues.find(({ code }) => code === "custom")?.message;
      throw new InvalidArgumentError(`${said ? `${said}. ` : ""}Give ${kind.cure}.`);
    }
    return parsed.data;
  });
  return fallback === undefined ? made : made.default(fallback, Array.isArray(fallback) ? "all" : undefined);
}
