import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { depthMax, readGuarded } from "../../../game-api/json-guard.ts";
import { build, limits } from "./build.ts";

const codeOf = (text: string, elementsMax?: number): string => {
  try {
    readGuarded(text, elementsMax);
    return "read";
  } catch (error) {
    return (error as { code: string }).code.toLowerCase();
  }
};
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

describe("the guard", () => {
  it("reads what the parser reads", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        expect(readGuarded(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("refuses what the parser refuses", () => {
    const pieces = fc.constantFrom(
      '"',
      "\\",
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      "a",
      "1",
      '"a"',
      "\\u",
      "\\ud800",
      " ",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 24 }), (parts) => {
        const text = parts.join("");
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        if (!isJson) expect(codeOf(text)).not.toBe("read");
      }),
      { numRuns: 2000 },
    );
  });

  it("finds any key that is twice in an event, and no other", () => {
    const key = fc.string({ maxLength: 3, unit: fc.constantFrom("a", '"', "\\", "é", ":", ",", "{", "😀") });
    fc.assert(
      fc.property(fc.array(key, { maxLength: 6 }), fc.boolean(), (names, isBatch) => {
        const event = `{${names.map((name) => `${JSON.stringify(name)}:"x:1,"`).join(", ")}}`;
        const isTwice = new Set(names).size < names.length;
        expect(codeOf(isBatch ? `[{"a":{"b":1}}, ${event}]` : event)).toBe(
          isTwice ? "json_duplicate_key" : "read",
        );
      }),
    );
  });

  it.each([
    ['{"a":1,"a":2}', "a"],
    ['{"a":1,"\\u0061":2}', "a"],
    ['[{"a":1},{"b":[],"c":{},"b":2}]', "b"],
    ['{"__proto__":1,"__proto__":2}', "__proto__"],
  ])("names the key that is twice: %s", (text, key) => {
    expect(() => readGuarded(text)).toThrow(`"${key}" is in one object twice`);
  });

  it.each([
    [nested(depthMax), "read"],
    [nested(depthMax + 1), "json_too_deep"],
    ['{"a":'.repeat(10_000), "json_too_deep"],
    [JSON.stringify({ a: "[".repeat(100) }), "read"],
    [`"${'\\"['.repeat(100)}"`, "read"],
    ['{"a":"\\ud83d\\ude00"}', "read"],
    ['{"a":"\\ud83d"}', "json_invalid"],
    ['{"a":"\\ude00\\ud83d"}', "json_invalid"],
    ['{"a":"\\ud83d\\u0041"}', "json_invalid"],
    ['{"a":"\\\\ud83d"}', "read"],
    ['{"a":"\\u0000"}', "read"],
    ['"', "json_invalid"],
    ["", "json_invalid"],
  ])("looks at depth and at half pairs: %.40s", (text, code) => {
    expect(codeOf(text)).toBe(code);
  });

  it("counts the elements of the outermost array only", () => {
    expect(codeOf("[1,2,3]", 3)).toBe("read");
    expect(codeOf("[1,2,3,4]", 3)).toBe("batch_too_long");
    expect(codeOf('[[1,2,3,4],{"a":1,"b":2,"c":3,"d":4}]', 3)).toBe("read");
    expect(codeOf('{"a":1,"b":2,"c":3,"d":4}', 3)).toBe("read");
    // Nothing after the bound is looked at.
    expect(codeOf(`[1,2,3,4,${"[".repeat(100)}`, 3)).toBe("batch_too_long");
  });
});

describe("a hostile body", () => {
  const hammer = '{"event_type":"hammer","smith_id":"s"}';
  const ndjson = "application/x-ndjson";

  it.each([
    ["deep", "/forge/hammer", nested(900), "json_too_deep", 400],
    ["a key twice", "/forge/hammer", '{"smith_id":"a","smith_id":"b"}', "json_duplicate_key", 400],
    ["half a pair", "/forge/hammer", '{"smith_id":"\\ud800"}', "json_invalid", 400],
    ["a key twice in a batch", "/forge", '[{"a":1,"a":2}]', "json_duplicate_key", 400],
  ])("is refused and kept: %s", async (_, url, body, code, status) => {
    const { post, producer } = await build();
    const answer = await post(url, body);
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
    expect(producer.records).toEqual([]);
    expect(JSON.parse(producer.quarantine[0]!.value)).toMatchObject({ reason: code, payload: body });
  });

  it.each([
    ["a long array", `[${"1,".repeat(5000)}1]`, "application/json", "batch_too_long"],
    ["many lines", "1\n".repeat(5000), ndjson, "batch_too_long"],
    ["a long line", `${hammer}\n"${"a".repeat(limits.bodyBytesMax)}"`, ndjson, "line_too_long"],
  ])("is refused whole, and not kept: %s", async (_, body, type, code) => {
    const { post, producer } = await build();
    const answer = await post("/forge", body, type);
    expect([answer.statusCode, answer.json().code]).toEqual([413, code]);
    expect([producer.records, producer.quarantine]).toEqual([[], []]);
  });

  it("may be mostly empty lines", async () => {
    const { post } = await build();
    expect((await post("/forge", `${"\n \n".repeat(2000)}${hammer}`, ndjson)).statusCode).toBe(202);
  });

  it("costs only its own line where one line is hostile", async () => {
    const { post } = await build();
    const lines = [hammer, nested(400), '{"event_type":"hammer","smith_id":"a","smith_id":"b"}', hammer];
    const answer = await post("/forge", lines.join("\n"), ndjson);
    expect(answer.statusCode).toBe(207);
    expect(answer.json()).toMatchObject({ accepted: 2, rejected: 2 });
    expect(answer.json().results[2]).toMatchObject({
      line: 3,
      issues: [{ message: expect.stringContaining('"smith_id" is in one object twice') }],
    });
  });
});
