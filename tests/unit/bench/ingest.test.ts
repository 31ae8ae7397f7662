import { describe, expect, it } from "vitest";
import { readBenchConfig } from "../../../bench/ingest/config.ts";
import { AnswerReader } from "../../../bench/ingest/connection.ts";
import {
  compareWithKafka,
  type Figure,
  figureOf,
  isGeneratorBound,
  perCpuSecond,
} from "../../../bench/ingest/measure.ts";
import { recordsSent } from "../../../bench/ingest/performance.ts";
import { coreBusySeconds, parseStat } from "../../../bench/ingest/procfs.ts";
import { isMet, median, type Round, ratiosOf, verdict } from "../../../bench/ingest/ratios.ts";
import { report } from "../../../bench/ingest/report.ts";
import { batches, singles, storedEvents } from "../../../bench/ingest/requests.ts";

const figure = (perCpu: number, more: Partial<Figure> = {}): Figure => ({
  events: perCpu * 2,
  seconds: 2,
  cpuSeconds: 2,
  collectorShare: 1,
  loadCoreShare: 0.5,
  ...more,
});

const round = (awaited: number, p99: number): Round => ({
  figures: {
    awaited: figure(awaited),
    notAwaited: figure(1000),
    bare: figure(1000),
    flask: figure(50),
    batches100: figure(3000),
    batches500: figure(5000),
    performance: figure(10_000),
  },
  p99Ms: { awaited: p99, bare: 2 },
});

describe("the settings of the bench", () => {
  it("have defaults, and every bad one is named", () => {
    expect(readBenchConfig([], { ROUNDS: "", SECONDS: "3" })).toMatchObject({
      rounds: 5,
      seconds: 3,
      check: false,
    });
    expect(readBenchConfig(["--check"], {}).check).toBe(true);
    expect(() => readBenchConfig(["--fast"], { ROUNDS: "0", SECONDS: "x" })).toThrow(
      /ROUNDS.*\nSECONDS.*\n.*'--fast'/s,
    );
  });
});

describe("an answer", () => {
  const answer = "HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\nContent-Length: 5\r\n\r\nhello";

  it("is read however it is cut, and the next one after it", () => {
    for (let cut = 1; cut < answer.length; cut += 1) {
      const reader = new AnswerReader();
      for (let times = 0; times < 2; times += 1) {
        expect(reader.take(Buffer.from(answer.slice(0, cut)))).toBeUndefined();
        expect(reader.take(Buffer.from(answer.slice(cut)))).toBe(202);
      }
    }
  });

  it("without a length is refused", () => {
    const reader = new AnswerReader();
    expect(() => reader.take(Buffer.from("HTTP/1.1 202 Accepted\r\n\r\n"))).toThrow(/no content-length/);
  });
});

describe("processor time", () => {
  it("of a process is user and system time, whatever its name holds", () => {
    const text = "12 (a) b (c) S 7 1 1 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 11 0 300 1 1";
    expect(parseStat(text)).toEqual({ parent: 7, cpuSeconds: 3 });
  });

  it("of a core leaves out idle time and waiting", () => {
    const text = "cpu  9 9 9 9 9 9 9 0 0 0\ncpu0 100 50 25 1000 500 15 10 0 0 0\ncpu10 1 1 1 1 1 1 1 0 0 0\n";
    expect(coreBusySeconds(0, text)).toBe(2);
    expect(() => coreBusySeconds(1, text)).toThrow(/no core 1/);
  });
});

describe("a figure", () => {
  it("is what lies between two looks", () => {
    const before = { events: 100, atMs: 1000, cpu: 5, loadCore: 10 };
    const after = { events: 700, atMs: 5000, cpu: 8, loadCore: 11 };
    const made = figureOf(before, after);
    expect(made).toEqual({
      events: 600,
      seconds: 4,
      cpuSeconds: 3,
      collectorShare: 0.75,
      loadCoreShare: 0.25,
    });
    expect(perCpuSecond(made)).toBe(200);
    expect(isGeneratorBound(made)).toBe(true);
    expect(isGeneratorBound(figure(1))).toBe(false);
    expect(isGeneratorBound(figure(1, { loadCoreShare: 1 }))).toBe(true);
  });

  it("is void where Kafka has more or less than was acknowledged", () => {
    expect(() => compareWithKafka("a", 5, 5)).not.toThrow();
    expect(() => compareWithKafka("a", 5, 4)).toThrow(/a: 5 .* 4 .*void/);
    expect(() => compareWithKafka("a", 5, 6)).toThrow(/void/);
  });
});

describe("ratios", () => {
  it("are met when the worst round meets them, higher or lower", () => {
    const ratios = ratiosOf([round(800, 4), round(900, 5), round(700, 9)]);
    const [flask, bare, , batches500, , p99] = ratios;
    expect(flask).toMatchObject({ goal: 15, better: "higher", rounds: [16, 18, 14], median: 16, worst: 14 });
    expect(isMet(flask!)).toBe(false);
    expect(verdict(flask!)).toBe("met by the median only");
    expect(verdict(bare!)).toBe("met");
    expect(batches500).toMatchObject({ rounds: [0.5, 0.5, 0.5], worst: 0.5 });
    expect(p99).toMatchObject({ goal: 3, better: "lower", rounds: [2, 2.5, 4.5], median: 2.5, worst: 4.5 });
    const text = report([round(800, 4)], ratios);
    expect(text).toContain("ProducerPerformance");
    expect(text).toContain("met by the median only");
  });

  it("have the middle as their median", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
});

describe("requests", () => {
  it("carry one event or a batch, with their length", () => {
    for (const [requests, lines] of [
      [singles("/a/b"), 1],
      [batches("/a", 100), 100],
    ] as const) {
      const [head = "", body = ""] = requests[0]!.toString().split("\r\n\r\n");
      expect(Number(/content-length: (\d+)/i.exec(head)?.[1])).toBe(Buffer.byteLength(body));
      expect(body.split("\n").map((line) => JSON.parse(line).amount)).toHaveLength(lines);
    }
  });

  it("become events of about 300 bytes", () => {
    for (const stored of storedEvents().slice(0, 10)) expect(Math.abs(stored.length - 310)).toBeLessThan(20);
  });
});

describe("ProducerPerformance", () => {
  it("says in its last line what it sent", () => {
    const summary =
      "9 records sent, 1 records/sec (0 MB/sec), 1 ms avg latency, 2 ms max latency, 3 ms 50th, 4 ms 99.9th.";
    expect(recordsSent(`5 records sent, 1.0 records/sec\n${summary}\n`)).toBe(9);
    expect(() => recordsSent("Exception in thread main")).toThrow(/without a summary/);
  });
});
