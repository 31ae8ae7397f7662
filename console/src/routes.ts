// Addresses within the page, as they stand behind the '#': read and written in one place. Pure.

export const pipelineTabs = ["lineage", "reports", "ledger", "quarantine"] as const;
export type PipelineTab = (typeof pipelineTabs)[number];

export const pages = ["overview", "timeline", "alerts", "deploy", "sql"] as const;
export type PageName = (typeof pages)[number];

export type Route =
  | { page: PageName }
  | { page: "pipeline"; pipeline: string; tab: PipelineTab; report?: string; choices: Record<string, string> }
  | { page: "unknown" };

const encode = encodeURIComponent;

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Reads `#/p/orders/reports/by_month?month=2019-10`. */
export function readRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [first = "", pipeline, tab = "lineage", report] = path.split("/").map(decode);
  if (first === "") return { page: "overview" };
  const page = pages.find((name) => name === first);
  if (page) return { page };
  const known = pipelineTabs.find((name) => name === tab);
  if (first !== "p" || !pipeline || !known) return { page: "unknown" };
  const choices = Object.fromEntries(new URLSearchParams(query));
  return { page: "pipeline", pipeline, tab: known, choices, ...(report ? { report } : {}) };
}

export const pageLink = (page: PageName) => (page === "overview" ? "#/" : `#/${page}`);

export const pipelineLink = (pipeline: string, tab: PipelineTab = "lineage") =>
  tab === "lineage" ? `#/p/${encode(pipeline)}` : `#/p/${encode(pipeline)}/${tab}`;

export function reportLink(pipeline: string, report: string, choices: Record<string, string> = {}): string {
  const query = new URLSearchParams(choices).toString();
  return `${pipelineLink(pipeline, "reports")}/${encode(report)}${query && `?${query}`}`;
}
