// The exact answers to the reports, kept while rows are made: sets of devices and counts, never the rows.
import { quotient, type ReportAnswer } from "../generator.ts";

export const streams = ["ad_stream", "store_stream"] as const;
export type Stream = (typeof streams)[number];

/** A row that landed. Devices, countries, ads and apps by number; an ad or app that isn't known is -1. */
export interface Landed {
  /** Milliseconds since 1970, UTC. */
  time: number;
  device: number;
  country: number;
  thing: number;
  action: string;
}

/** What cleaning does to one stream, by the report's words. */
export interface Cleaning {
  came: number;
  landed: number;
  duplicates: number;
  withoutThing: number;
  /** By reason and field, as `reason/field`. */
  quarantined: Map<string, number>;
}

export interface Names {
  countries: readonly string[];
  things: Record<Stream, readonly string[]>;
}

/** What a reader may ask for, the country by its number; undefined asks for all. */
interface Choice {
  month?: string;
  country?: number;
}

const activeActions: Record<Stream, readonly string[]> = {
  ad_stream: ["close", "click"],
  store_stream: ["app_view", "open", "download"],
};

const dayMs = 24 * 3600 * 1000;
const countriesMax = 64;
const thingsMax = 4096;

/** Different devices by number of a group, in the order in which a report has its columns. */
class Devices {
  readonly #groups = new Map<number, [Set<number>, Set<number>]>();

  add(group: number, device: number, inFirst: boolean, inSecond: boolean): void {
    const sets = this.#groups.get(group) ?? [new Set(), new Set()];
    if (sets[0].size === 0 && sets[1].size === 0) this.#groups.set(group, sets);
    if (inFirst) sets[0].add(device);
    if (inSecond) sets[1].add(device);
  }

  counts(): [group: number, first: number, second: number][] {
    return [...this.#groups].map(([group, [first, second]]) => [group, first.size, second.size]);
  }
}

const ratio = (part: number, whole: number) => (whole === 0 ? null : quotient(part, whole, 4));

const before = (a: string | number, b: string | number) => (a < b ? -1 : a > b ? 1 : 0);

const dayOf = (day: number) => new Date(day * dayMs).toISOString().slice(0, 10);

/** Months as numbers: those since the year 0. */
const monthNumber = (time: number) => {
  const date = new Date(time);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
};
const monthOf = (month: number) => `${Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, "0")}`;

interface AppCounts {
  devices: Devices;
  views: Map<number, number>;
  downloads: Map<number, number>;
}

/** Keeps the books of one generated load. `chosen` is a month and a country that answers are given for too. */
export function createBooks(names: Names, chosen: Required<Choice>) {
  const choices: Choice[] = [{}, chosen];
  const daily = new Devices();
  const monthly = new Devices();
  const ads = new Devices();
  const apps = choices.map(
    (): AppCounts => ({ devices: new Devices(), views: new Map(), downloads: new Map() }),
  );
  let [lastDay, lastMonth] = [-1, -1];

  function add(stream: Stream, { time, device, country, thing, action }: Landed): void {
    const day = Math.floor(time / dayMs);
    if (day !== lastDay) [lastDay, lastMonth] = [day, monthNumber(time)];
    const month = lastMonth;
    const isActive = activeActions[stream].includes(action);
    daily.add(day * countriesMax + country, device, true, isActive);
    monthly.add(month * countriesMax + country, device, true, isActive);
    if (thing < 0) return;
    if (stream === "ad_stream") {
      const group = (month * countriesMax + country) * thingsMax + thing;
      if (action === "display" || action === "click")
        ads.add(group, device, action === "display", action === "click");
      return;
    }
    if (action !== "app_view" && action !== "download") return;
    for (const [at, { devices, views, downloads }] of apps.entries()) {
      const { month: wanted, country: only } = choices[at]!;
      if (wanted !== undefined && (monthOf(month) !== wanted || country !== only)) continue;
      devices.add(thing, device, action === "app_view", action === "download");
      const counts = action === "app_view" ? views : downloads;
      counts.set(thing, (counts.get(thing) ?? 0) + 1);
    }
  }

  /** Rows of period, country and two counts, in the reports' order. */
  const periodRows = (devices: Devices, nameOf: (period: number) => string) =>
    devices
      .counts()
      .map(([group, seen, active]) => ({
        period: nameOf(Math.floor(group / countriesMax)),
        country: names.countries[group % countriesMax]!,
        counts: [String(seen), String(active)],
      }))
      .sort((a, b) => before(a.period, b.period) || before(a.country, b.country))
      .map(({ period, country, counts }) => [period, country, ...counts]);

  function adRows() {
    return ads
      .counts()
      .map(([group, displayed, clicked]) => {
        const place = Math.floor(group / thingsMax);
        return {
          month: monthOf(Math.floor(place / countriesMax)),
          country: names.countries[place % countriesMax]!,
          ad: names.things.ad_stream[group % thingsMax]!,
          displayed,
          clicked,
        };
      })
      .sort(
        (a, b) =>
          before(a.month, b.month) ||
          b.clicked - a.clicked ||
          b.displayed - a.displayed ||
          before(a.country, b.country) ||
          before(a.ad, b.ad),
      )
      .map(({ month, country, ad, displayed, clicked }) => [
        month,
        country,
        ad,
        String(displayed),
        String(clicked),
        ratio(clicked, displayed),
      ]);
  }

  const appRows = ({ devices, views, downloads }: AppCounts) =>
    devices
      .counts()
      .map(([app, viewed, downloaded]) => ({
        app: names.things.store_stream[app]!,
        counts: [viewed, downloaded],
        views: views.get(app) ?? 0,
        downloads: downloads.get(app) ?? 0,
      }))
      .sort((a, b) => b.downloads - a.downloads || b.views - a.views || before(a.app, b.app))
      .map((row) => [
        row.app,
        ...[...row.counts, row.views, row.downloads].map(String),
        ratio(row.downloads, row.views),
      ]);

  const cleaningRows = (cleaning: Record<Stream, Cleaning>) =>
    streams.flatMap((stream) => {
      const { came, quarantined, duplicates, landed, withoutThing } = cleaning[stream];
      const step = (name: string, events: number, reason = "", field = "") => [
        stream,
        name,
        reason,
        field,
        String(events),
      ];
      const reasons = [...quarantined]
        .map(([key, events]) => ({ parts: key.split("/") as [string, string], events }))
        .sort((a, b) => before(a.parts[0], b.parts[0]) || before(a.parts[1], b.parts[1]));
      return [
        step("came", came),
        ...reasons.map(({ parts, events }) => step("quarantined", events, ...parts)),
        step("duplicates", duplicates),
        step("landed", landed),
        step("landed without ad or app", withoutThing),
      ];
    });

  /** The answer to each report, for everything and for the chosen month and country. */
  function answers(cleaning: Record<Stream, Cleaning>): ReportAnswer[] {
    const periods = ["country", "devices", "active_devices"];
    const everything = [
      ...["daily_active", "daily_active_live"].map((report) => ({
        report,
        columns: ["event_day", ...periods],
        rows: periodRows(daily, dayOf),
      })),
      ...["monthly_active", "monthly_active_live"].map((report) => ({
        report,
        columns: ["event_month", ...periods],
        rows: periodRows(monthly, monthOf),
      })),
      {
        report: "ad_performance",
        columns: ["event_month", "country", "ad_id", "displayed", "clicked", "click_through_rate"],
        rows: adRows(),
      },
    ];
    const appColumns = [
      "app_id",
      "devices_viewed",
      "devices_downloaded",
      "views",
      "downloads",
      "downloads_per_view",
    ];
    return choices
      .flatMap(({ month = "", country }, at): ReportAnswer[] => {
        const parameters = { month, country: country === undefined ? "" : names.countries[country]! };
        const isAsked = ([period, of]: (string | null)[]) =>
          (month === "" || period!.startsWith(month)) &&
          (parameters.country === "" || of === parameters.country);
        return [
          ...everything.map(({ rows, ...rest }) => ({ ...rest, parameters, rows: rows.filter(isAsked) })),
          { report: "app_performance", columns: appColumns, parameters, rows: appRows(apps[at]!) },
        ];
      })
      .concat(
        {
          report: "live_differences",
          parameters: {},
          columns: [
            "unit",
            "period",
            "country",
            "devices",
            "live_devices",
            "active_devices",
            "live_active_devices",
          ],
          rows: [],
        },
        {
          report: "cleaning",
          parameters: {},
          columns: ["stream", "step", "reason", "field", "events"],
          rows: cleaningRows(cleaning),
          countsCopies: true,
        },
      );
  }

  return { add, answers };
}
