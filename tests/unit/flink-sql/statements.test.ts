import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { insertsOf, splitStatements, tokenize } from "../../../flink-sql/statements.ts";

const texts = (sql: string) => splitStatements(sql).map((statement) => statement.text);

/** Pieces whose joints are the dangerous places. */
const piece = fc.constantFrom(
  ..."';|--|/*|*/|/*+|`|\"|''|\n|\r\n| |;|a|$|{|END|'x;y'|-- c\n|/* c */|/*+ h */|`n`|\"q\"|ä".split("|"),
);
const anySql = fc.oneof(
  fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join("")),
  fc.string(),
);

describe("tokenize", () => {
  it("loses nothing: joined tokens are the text, and lines count its line ends", () => {
    fc.assert(
      fc.property(anySql, (sql) => {
        let tokens: ReturnType<typeof tokenize>;
        try {
          tokens = tokenize(sql);
        } catch (error) {
          expect((error as Error).message).toMatch(/^line \d+: .* never closed$/);
          return;
        }
        expect(tokens.map((token) => token.text).join("")).toBe(sql);
        let before = "";
        for (const token of tokens) {
          expect(token.line).toBe(before.split("\n").length);
          expect(token.text).not.toBe("");
          before += token.text;
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["'it''s -- ; /* x'", "string"],
    ["`a``b;`", "name"],
    ['"a""b;"', "name"],
    ["-- it's; `", "comment"],
    ["/* it's\n; */", "comment"],
    ["/*+ OPTIONS('a'='b') */", "hint"],
    ["a_$1", "word"],
  ])("takes %s as one %s", (text, kind) => {
    expect(tokenize(text)).toEqual([{ kind, text, line: 1 }]);
  });

  it.each([
    ["SELECT\n'a", "line 2: a ' is opened and never closed"],
    ["`a", "line 1: a ` is opened and never closed"],
    ['\n\n"a', 'line 3: a " is opened and never closed'],
    ["a /* b; c", "line 1: a comment is opened by /* and never closed"],
  ])("refuses %j", (sql, message) => {
    expect(() => tokenize(sql)).toThrow(message);
  });
});

describe("splitStatements", () => {
  it("cuts at semicolons, and only there where they are SQL's", () => {
    expect(texts("SELECT ';'; SELECT `;`;\n-- a; b\nSELECT /* ; */ 1;;  ;SELECT 2")).toEqual([
      "SELECT ';'",
      "SELECT `;`",
      "SELECT   1",
      "SELECT 2",
    ]);
    expect(texts(" \n-- nothing\n")).toEqual([]);
  });

  it("takes -- within a string for what it is, and keeps hints", () => {
    expect(texts("SELECT 'a--b', '/* c */' FROM t /*+ OPTIONS('x'='y;z') */; -- end")).toEqual([
      "SELECT 'a--b', '/* c */' FROM t /*+ OPTIONS('x'='y;z') */",
    ]);
  });

  it("leaves space where a comment was: words stay apart, lines stay in place", () => {
    expect(texts("SELECT/**/1")).toEqual(["SELECT 1"]);
    const [statement] = texts("SELECT a, -- first\n  /* two\n lines */ b\nFROM t");
    expect(statement?.split("\n").map((line) => line.trim())).toEqual(["SELECT a,", "", "b", "FROM t"]);
  });

  it("tells the line of each statement's first word", () => {
    const sql = "-- one\n\nSET 'a' = 'b\nc';\n\n/* x\n y */ SELECT 1; SELECT\n2;\nSELECT 3";
    expect(splitStatements(sql).map((statement) => statement.line)).toEqual([3, 7, 7, 9]);
  });

  const set = (body: string) => `EXECUTE STATEMENT SET BEGIN\n${body}\nEND`;
  it.each([
    ["plain", "INSERT INTO a SELECT 1;\nINSERT INTO b SELECT 2;"],
    ["a CASE within an INSERT", "INSERT INTO a SELECT CASE WHEN x THEN 1 ELSE 2 END AS y FROM t;"],
    ["a CASE that ends an INSERT", "INSERT INTO a SELECT CASE x WHEN 1 THEN 2 END;\nINSERT INTO b SELECT 1;"],
    [
      "nested CASEs",
      "INSERT INTO a SELECT CASE WHEN CASE WHEN x THEN y END THEN 1 END;\nINSERT INTO b SELECT 1;",
    ],
    ["columns named as its words", "INSERT INTO a SELECT `end`, 'END;' FROM t;\nINSERT INTO b SELECT 1;"],
    ["lower case", "insert into a select case when x then 1 end;\ninsert into b select 1;"],
  ])("takes a statement set as one: %s", (_, body) => {
    expect(texts(`SET 'a' = 'b';\n${set(body)};\nSELECT 1;`)).toEqual([
      "SET 'a' = 'b'",
      set(body),
      "SELECT 1",
    ]);
  });

  it("ends a set at END after a comment too", () => {
    const sql = "EXECUTE STATEMENT SET -- both\nBEGIN\nINSERT INTO a SELECT 1; -- that's all\nEND;\nSELECT 1";
    expect(texts(sql)).toHaveLength(2);
  });

  it("takes EXPLAIN of a set as one too, and an ordinary BEGIN for no set", () => {
    expect(texts("EXPLAIN STATEMENT SET BEGIN INSERT INTO a SELECT 1; END; SELECT 2")).toHaveLength(2);
    expect(texts("SELECT begin, `set` FROM t; SELECT 2")).toHaveLength(2);
    expect(texts("SELECT CASE WHEN x THEN 1 END; SELECT 2")).toHaveLength(2);
  });

  it("loses no word of any text that ends", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "'b;c'", "`d`", "-- e\n", ";", "\n", "/* f */"), {}),
        (pieces) => {
          const words = pieces.filter((p) => /^[a'`]/.test(p));
          expect(texts(pieces.join(" ")).join(" ").split(/\s+/).filter(Boolean)).toEqual(words);
        },
      ),
    );
  });
});

describe("insertsOf", () => {
  it("reads table, literals and words of each INSERT", () => {
    const sql = `EXECUTE STATEMENT SET BEGIN
      INSERT INTO purchases SELECT user_id FROM events WHERE event_type IN ('buy', 'it''s'); -- 'no'
      INSERT INTO lake.game.\`stats\` SELECT 1 FROM events /* 'no' */ WHERE event_type = 'up';
    END;`;
    const inserts = insertsOf(sql);
    expect(inserts.map(({ table, literals }) => ({ table, literals }))).toEqual([
      { table: "purchases", literals: ["buy", "it's"] },
      { table: "stats", literals: ["up"] },
    ]);
    expect(inserts[0]?.words).toContain("user_id");
    expect(inserts[1]?.words).not.toContain("user_id");
  });

  it("finds none where none is", () => {
    expect(insertsOf("SELECT 'INSERT INTO a' -- INSERT INTO b")).toEqual([]);
  });
});
