// The SQL Gateway: statements to their end, and errors cut down to the useful line.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FlinkSqlError, type GatewaySession, openSession } from "../../orchestrator/engines/gateway.ts";
import { services } from "../support/services.ts";

let session: GatewaySession;

beforeAll(async () => {
  session = await openSession((await services()).gateway, { "pipeline.name": "integration/gateway" });
});

afterAll(async () => session.close());

describe("SQL Gateway", () => {
  it("returns the rows of a statement", async () => {
    await session.execute("CREATE TEMPORARY VIEW numbers AS SELECT 1 AS n");
    const result = await session.execute("SHOW VIEWS");
    expect(result.rows).toContainEqual(["numbers"]);
  });

  it("names the reason and the place of a column that isn't there", async () => {
    const refused = await session
      .execute("EXPLAIN SELECT\n  m FROM numbers")
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(FlinkSqlError);
    expect((refused as FlinkSqlError).reason).toMatch(
      /Column 'm' not found in any table \(line 2, column 3\)/,
    );
  });

  it("names the place of a syntax error", async () => {
    const refused = await session.execute("EXPLAIN SELECT 1 FROMM numbers").catch((error: unknown) => error);
    expect((refused as FlinkSqlError).reason).toMatch(/numbers.* at line 1/);
  });

  it("keeps settings of the session", async () => {
    const { rows } = await session.execute("SET");
    expect(rows).toContainEqual(["pipeline.name", "integration/gateway"]);
  });
});
