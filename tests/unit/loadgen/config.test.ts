import { CommanderError } from "commander";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readConfig } from "../../../loadgen/config.ts";
import { UsageError } from "../../../loadgen/errors.ts";

const names = [
  "EVENTS",
  "USERS",
  "ENDPOINTS",
  "CONNECTIONS",
  "RATE",
  "SEED",
  "BATCH",
  "JSON",
  "RUN",
  "API_URL",
  "LOOP",
  "PROFILE",
  "KEY_FILE",
  "API_KEY",
];
let printed = "";
beforeEach(() => {
  for (const name of [...names, "PIPELINE", "JOURNAL", "SWORDLAKE_PIPELINES"]) vi.stubEnv(name, undefined);
  printed = "";
  for (const stream of [process.stderr, process.stdout])
    vi.spyOn(stream, "write").mockImplementation((text) => {
      printed += text;
      return true;
    });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

function refusal(...argv: string[]): string {
  expect(() => readConfig(argv)).toThrow(CommanderError);
  return printed;
}

describe("readConfig", () => {
  it("needs nothing: the defaults load a local API", () => {
    const { run, ...config } = readConfig([]);
    expect(run).toMatch(/^[0-9a-f]{12}$/);
    expect(config).toEqual({
      pipeline: "game",
      url: "http://127.0.0.1:4000",
      events: 10_000,
      users: 1000,
      endpoints: [],
      connections: 32,
      rate: 0,
      loop: "closed",
      profile: [],
      outstanding: 1000,
      seed: 1,
      batch: 1,
      duplicates: 0,
      broken: 0,
      journal: `.swordlake/load/${run}.ndjson`,
      timeoutMs: 10_000,
      allowUnknown: false,
      json: false,
      series: false,
      key: undefined,
      pipelinesRoots: [expect.stringMatching(/flink-sql\/$/)],
    });
    expect(readConfig([]).run).not.toBe(run);
  });

  it("takes flags, and the environment where no flag is given", () => {
    vi.stubEnv("EVENTS", "5");
    vi.stubEnv("USERS", "6");
    vi.stubEnv("ENDPOINTS", "level_up, join_guild");
    const given = ["--events", "7", "--json", "--run", "a", "--timeout", "2"];
    expect(readConfig(given)).toMatchObject({
      events: 7,
      users: 6,
      endpoints: ["level_up", "join_guild"],
      json: true,
      run: "a",
      journal: ".swordlake/load/a.ndjson",
      timeoutMs: 2000,
    });
    expect(readConfig([]).json).toBe(false);
  });

  it("takes an empty value for none, as make passes it", () => {
    for (const name of names) vi.stubEnv(name, "");
    const config = readConfig(["--pipeline", "", "--events", "", "--endpoints", "", "--seed", ""]);
    expect(config).toMatchObject({ pipeline: "game", events: 10_000, endpoints: [], seed: 1, json: false });
    expect(config.run).toMatch(/^[0-9a-f]{12}$/);
  });

  it("takes 'all' for all endpoints", () => {
    expect(readConfig(["--endpoints", "all"]).endpoints).toEqual([]);
  });

  it.each([
    [["--events", "0"], /--events <n>.*'0' is invalid. Give a whole number from 1 to .*, such as 10000/],
    [["--users", "1.5"], /--users <n>.*'1.5' is invalid. Give a whole number/],
    [["--duplicates", "2"], /--duplicates <share>.*'2' is invalid. Give a share from 0 to 1/],
    [["--url", "localhost"], /--url <url>.*'localhost' is invalid. Give an http address, such as/],
    [["--run", "a b"], /--run <id>.*'a b' is invalid. Give 1 to 100 of/],
    [["--event", "5"], /unknown option '--event'\n.*--events/],
    [["more"], /too many arguments/],
  ])("refuses %j with the flag, the value and the cure", (argv, message) => {
    expect(refusal(...argv)).toMatch(message);
  });

  it("names the variable of a wrong value", () => {
    vi.stubEnv("RATE", "fast");
    expect(refusal()).toMatch(/'--rate <n>' value 'fast' from env 'RATE' is invalid. Give a whole number/);
  });

  it("opens the loop where a schedule is given, unless told otherwise", () => {
    expect(readConfig(["--rate", "500", "--events", "1000"])).toMatchObject({
      loop: "open",
      profile: [{ from: 500, to: 500, seconds: 2 }],
      events: 1000,
    });
    expect(readConfig(["--rate", "500", "--loop", "closed"])).toMatchObject({ loop: "closed", profile: [] });
    expect(readConfig(["--profile", "100/10s"])).toMatchObject({ loop: "open", events: 1000 });
  });

  it.each([
    [["--profile", "100/10s", "--rate", "5"], /give one of them/],
    [["--profile", "100/10s", "--events", "5"], /the profile says how many, 1000/],
    [["--profile", "100/10s", "--loop", "closed"], /needs an open loop/],
    [["--loop", "open"], /give --rate, such as 500, or --profile/],
  ])("refuses %j", (argv, message) => {
    expect(() => readConfig(argv)).toThrow(message);
  });

  it("refuses a bad profile with its bad part and the form", () => {
    expect(refusal("--profile", "100/10s,5x")).toMatch(
      /--profile <shape>.*invalid\. '5x' is no rate\/duration\. Give rate\/duration with commas/,
    );
  });

  it("takes the API key from the environment and never prints it", () => {
    vi.stubEnv("API_KEY", " sl_secret \n");
    expect(readConfig([]).key).toBe("sl_secret");
    vi.stubEnv("API_KEY", "two words");
    expect(() => readConfig([])).toThrow(/^API_KEY holds no key: give one line/);
    expect(refusal("--help")).not.toContain("two words");
  });

  it("refuses a rate below one request per second", () => {
    expect(() => readConfig(["--rate", "5", "--batch", "10"])).toThrow(UsageError);
  });

  it("says in its help what each flag means, its default and its variable", () => {
    const help = refusal("--help").replace(/\s+/g, " ");
    expect(help).toContain(
      "--timeout <seconds> longest wait for an answer, in seconds (default: 10, env: TIMEOUT)",
    );
    expect(help).toContain("Exit codes: 0");
  });
});
