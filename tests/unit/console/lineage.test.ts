// The lineage of a pipeline, and how it is drawn.
import { describe, expect, it } from "vitest";
import { curve, relatives } from "../../../console/src/lineage-layout.ts";
import { loadPipelines } from "../../../flink-sql/folders.ts";
import { lineageOf } from "../../../orchestrator/console/lineage.ts";

const edges: [string, string][] = [
  ["a", "b"],
  ["b", "c"],
  ["x", "c"],
];

describe("lineage", () => {
  it("leads from topics to every report, for each pipeline", async () => {
    for (const pipeline of await loadPipelines()) {
      const lineage = lineageOf(pipeline);
      const ids = new Set(lineage.nodes.map(({ id }) => id));
      expect(lineage.edges.flat().filter((id) => !ids.has(id))).toEqual([]);
      const reached = new Set(
        lineage.nodes
          .filter(({ kind }) => kind === "topic")
          .flatMap(({ id }) => [...relatives(id, lineage.edges)]),
      );
      const lost = lineage.nodes
        .filter(({ id }) => !reached.has(id))
        .map(({ id }) => `${pipeline.name} ${id}`);
      expect(lost).toEqual([]);
    }
  });

  it("shows alerts beside the tables that raise them", async () => {
    const shop = (await loadPipelines()).find(({ alerts }) => Object.keys(alerts).length > 0)!;
    const { nodes, edges: found } = lineageOf(shop);
    const alert = nodes.find(({ kind }) => kind === "alert")!;
    expect(found.filter(([, to]) => to === alert.id)).toHaveLength(1);
  });

  it("knows what is before and after, and not what only shares an end", () => {
    expect([...relatives("b", edges)].sort()).toEqual(["a", "b", "c"]);
    expect([...relatives("c", edges)].sort()).toEqual(["a", "b", "c", "x"]);
  });

  it("bends from side to side", () => {
    const box = { left: 0, right: 10, top: 0, bottom: 20 };
    expect(curve(box, { left: 110, right: 120, top: 40, bottom: 60 })).toBe("M10 10C60 10 60 50 110 50");
  });
});
