// A browser on the console's page: Debian's Chromium, driven from outside. Notes everything that should never happen.
import { accessSync, constants, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import axe from "axe-core";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

/** Chromium's path: CHROMIUM, else the first of the usual names in PATH. Throws, with the cure, where there is none. */
export function chromiumPath(env: NodeJS.ProcessEnv = process.env): string {
  if (env.CHROMIUM) return env.CHROMIUM;
  const isThere = (file: string) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  };
  const found = ["chromium", "chromium-browser", "google-chrome"]
    .flatMap((name) => (env.PATH ?? "").split(delimiter).map((folder) => join(folder, name)))
    .find(isThere);
  if (found) return found;
  throw new Error("No Chromium is in PATH: run 'apt-get install chromium', or name one in CHROMIUM.");
}

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface Seen {
  page: Page;
  /** Errors on the page's console, errors nobody caught, requests to other hosts, dialogs. */
  wrong: string[];
  close: () => Promise<void>;
}

export interface ConsoleBrowser {
  open: (look?: { scheme?: "light" | "dark"; width?: number; height?: number }) => Promise<Seen>;
  close: () => Promise<void>;
}

export async function startBrowser(address: string): Promise<ConsoleBrowser> {
  const browser: Browser = await chromium.launch({ executablePath: chromiumPath(), args: flags });
  return {
    async open({ scheme = "light", width = 1280, height = 800 } = {}) {
      const context: BrowserContext = await browser.newContext({
        baseURL: address,
        colorScheme: scheme,
        viewport: { width, height },
        reducedMotion: "reduce",
      });
      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      const wrong: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error") wrong.push(`console: ${message.text()}`);
      });
      page.on("pageerror", (error) => wrong.push(`uncaught: ${error.message}`));
      page.on("dialog", (dialog) => {
        wrong.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on("request", (request) => {
        if (new URL(request.url()).origin !== address) wrong.push(`request: ${request.url()}`);
      });
      return { page, wrong, close: () => context.close() };
    },
    close: () => browser.close(),
  };
}

/** What axe finds wrong on the page as it is, one line each. */
export async function accessProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run({ exclude: [] }, { resultTypes: ["violations"] }),
  );
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`,
  );
}

/** Keeps a picture of the page where SCREENSHOTS names a folder; else does nothing. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
