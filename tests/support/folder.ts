// A pipeline folder made for one test, in a temporary directory: nothing of the checkout knows it.
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Writes files by their path within the folder; returns the root to give as SWORDLAKE_PIPELINES. */
export function writeFolder(name: string, files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "swordlake-folder-"));
  for (const [file, text] of Object.entries(files)) {
    const path = join(root, name, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return root;
}

/** A record as the API writes it. */
export const recordOf = (event_type: string, event_id: string, fields: Record<string, unknown>): string => {
  const received_at = new Date().toISOString();
  return JSON.stringify({ event_id, event_type, event_time: received_at, received_at, host: "h", ...fields });
};

const iceberg = "'format-version' = '2', 'write.parquet.compression-codec' = 'zstd'";

/** A catalogue: all items by day, the latest of each sku, and how many there are of each sku. */
export const catalogue: Record<string, string> = {
  "pipeline.ts": `// A catalogue: items come again and again, the latest counts.
import { z } from "zod";
import { decimal, definePipeline, event, topic } from "swordlake";

export default definePipeline({
  title: "Catalogue",
  freshnessMs: 1000,
  topics: {
    items: topic({
      key: "sku",
      events: {
        item: event("An item as it is now", { sku: z.string().min(1), title: z.string(), price: decimal(12, 2) },
          { csv: { columns: { title: "Name" } } }),
        gone: event("An item is gone", { sku: z.string().min(1) }),
      },
    }),
  },
});
`,
  "tables/all_items.sql": `-- One row per event, by day.
CREATE TABLE IF NOT EXISTS all_items (
  event_id STRING, event_time TIMESTAMP_LTZ(6), event_day DATE, sku STRING, price DECIMAL(12, 2),
  kafka_partition INT, kafka_offset BIGINT
) PARTITIONED BY (event_day) WITH (${iceberg});
`,
  "tables/latest.sql": `-- One row per item, the latest.
CREATE TABLE IF NOT EXISTS latest (
  event_id STRING, event_time TIMESTAMP_LTZ(6), sku STRING, title STRING, price DECIMAL(12, 2),
  kafka_partition INT, kafka_offset BIGINT,
  PRIMARY KEY (sku) NOT ENFORCED
) WITH (${iceberg}, 'write.upsert.enabled' = 'true');
`,
  "tables/counts.sql": `-- How many events each item had: no events, so none of the ledger's business.
CREATE TABLE IF NOT EXISTS counts (
  sku STRING, items BIGINT, PRIMARY KEY (sku) NOT ENFORCED
) WITH (${iceberg}, 'write.upsert.enabled' = 'true');
`,
  "jobs/landing.sql": `-- Items into their tables.
EXECUTE STATEMENT SET BEGIN
INSERT INTO all_items
SELECT event_id, event_time, CAST(event_time AS DATE), sku, price, kafka_partition, kafka_offset
FROM items WHERE event_type = 'item';
INSERT INTO latest
SELECT event_id, event_time, sku, title, price, kafka_partition, kafka_offset
FROM items WHERE event_type = 'item';
END;
`,
  "jobs/counting.sql": `-- Counts of items.
INSERT INTO counts SELECT sku, COUNT(*) FROM items WHERE event_type = 'item' GROUP BY sku;
`,
};

/** The same, for a test that loads the folder itself: packages by their place, since vitest resolves none for it. */
export const inThisProcess = (files: Record<string, string>): Record<string, string> => {
  const kit = new URL("../../flink-sql/pipeline.ts", import.meta.url).href;
  const zod = new URL("../../node_modules/zod/index.js", import.meta.url).href;
  const contract = files["pipeline.ts"]!.replace('"swordlake"', `"${kit}"`).replace('"zod"', `"${zod}"`);
  return { ...files, "pipeline.ts": contract };
};
