// Addresses within the console's page: what is written is read again.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  pageLink,
  pages,
  pipelineLink,
  pipelineTabs,
  readRoute,
  reportLink,
} from "../../../console/src/routes.ts";

describe("routes", () => {
  it("read what the links write", () => {
    for (const page of pages) expect(readRoute(pageLink(page))).toEqual({ page });
    for (const tab of pipelineTabs)
      expect(readRoute(pipelineLink("game", tab))).toEqual({
        page: "pipeline",
        pipeline: "game",
        tab,
        choices: {},
      });
  });

  it("keep any name and any choice", () => {
    const text = fc.string({ minLength: 1, unit: "binary" });
    fc.assert(
      fc.property(text, text, fc.dictionary(text, text), (pipeline, report, choices) => {
        const route = readRoute(reportLink(pipeline, report, choices));
        expect(route).toMatchObject({ page: "pipeline", pipeline, tab: "reports", report });
        expect("choices" in route && Object.entries(route.choices).sort()).toEqual(
          Object.entries(choices).sort(),
        );
      }),
    );
  });

  it("begin at the overview, and say so where there is nothing", () => {
    expect(["", "#", "#/"].map(readRoute)).toEqual(Array(3).fill({ page: "overview" }));
    expect(["#/nope", "#/p", "#/p/game/nope", "#/p/%ff/%"].map((hash) => readRoute(hash).page)).toEqual(
      Array(4).fill("unknown"),
    );
  });
});
