// Trino through our client: exact values and clear errors.
import { beforeAll, describe, expect, it } from "vitest";
import { quotient } from "../../flink-sql/generate-kit.ts";
import { connectTrino, type Lake, TrinoError } from "../../orchestrator/engines/trino.ts";
import { services } from "../support/services.ts";

let lake: Lake;

beforeAll(async () => {
  lake = connectTrino((await services()).trino);
});

describe("Trino", () => {
  it("gives BIGINT and DECIMAL as exact strings, beyond 2^53 too", async () => {
    const result = await lake.query(
      "SELECT BIGINT '9223372036854775807' AS id, BIGINT '7' AS small, DECIMAL '12345678901234567890.10' AS money, 1.5e0 AS ratio, CAST(NULL AS BIGINT) AS none",
    );
    expect(result.columns.map((column) => column.type)).toEqual([
      "bigint",
      "bigint",
      "decimal(22, 2)",
      "double",
      "bigint",
    ]);
    expect(result.rows).toEqual([["9223372036854775807", "7", "12345678901234567890.10", 1.5, null]]);
  });

  it("gives every row of a result of many pages", async () => {
    const { rows } = await lake.query(
      "SELECT n FROM UNNEST(sequence(1, 10000)) AS t (n), UNNEST(sequence(1, 3)) AS u (m)",
    );
    expect(rows).toHaveLength(30_000);
  });

  it("divides a DECIMAL(18, s) by a BIGINT as the generators do, close to a tie too", async () => {
    // Just below and above each tie of 4 digits: m / n is nearest to one where 20,000 m is nearest to an odd multiple of n.
    const pairs = [866_871, 7, 999_983, 2 ** 40 + 15, 20_000].flatMap((n) =>
      [0, 1, 4, 9, 311].flatMap((k) => {
        const m = Math.round(((2 * k + 1) * n) / 20_000);
        return [Math.max(0, m - 1), m, m + 1].map((above) => [above, n] as const);
      }),
    );
    const values = pairs.map(([above, below], at) => `(${at}, BIGINT '${above}', BIGINT '${below}')`);
    const { rows } = await lake.query(
      `SELECT CAST(CAST(a AS DECIMAL(18, 4)) / b AS DECIMAL(18, 4)) FROM (VALUES ${values.join(", ")}) AS t (n, a, b) ORDER BY n`,
    );
    expect(rows.flat()).toEqual(pairs.map(([above, below]) => quotient(above, below, 4)));
  });

  it("names Trino's reason and the query", async () => {
    const refused = await lake.query("SELECT nope FROM lake.game.purchases").catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(TrinoError);
    expect((refused as TrinoError).code).toBe("COLUMN_NOT_FOUND");
    expect((refused as TrinoError).message).toMatch(/'nope' cannot be resolved[\s\S]*SELECT nope/);
  });

  it("names itself and the cure where it doesn't answer", async () => {
    const away = connectTrino("http://127.0.0.1:1");
    await expect(away.query("SELECT 1")).rejects.toThrow(
      /^Trino at http:\/\/127\.0\.0\.1:1 doesn't answer: .+'npx swordlake status'/,
    );
  });
});
