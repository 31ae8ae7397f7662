import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { event, id64 } from "../../../flink-sql/pipeline.ts";
import { bodySchema } from "../../../game-api/openapi.ts";

const { properties } = bodySchema(event("Something", { thing: id64(), other: id64().nullable() }));
const patternOf = (name: string) =>
  JSON.parse(/"pattern":("(?:[^"\\]|\\.)*")/.exec(JSON.stringify(properties?.[name]))?.[1] ?? '""') as string;
const documented = new RegExp(patternOf("thing"));

describe("the document of a 64-bit id", () => {
  it("takes what the API takes, and no more", () => {
    for (const id of ["0", "9223372036854775807", "0999999999999999999", "1000000000000000000"])
      expect([id, documented.test(id)]).toEqual([id, true]);
    for (const id of ["", "9223372036854775808", "9999999999999999999", "00000000000000000001", "-1", "1.0"])
      expect([id, documented.test(id)]).toEqual([id, false]);
    const digits = fc.stringMatching(/^\d{18,20}$/);
    const near = fc.bigInt({ min: 2n ** 63n - 10_000n, max: 2n ** 63n + 10_000n }).map(String);
    fc.assert(
      fc.property(fc.oneof(digits, near), (id) => documented.test(id) === id64().safeParse(id).success),
    );
  });

  it("is the same where it may be null", () => {
    expect(patternOf("other")).toBe(patternOf("thing"));
  });
});
