// Trino through our client: exact values and clear errors.
import { beforeAll, describe, expect, it } from "vitest";
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
