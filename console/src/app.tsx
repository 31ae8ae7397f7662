// The frame of every page: where one is, where one can go, and the page itself.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Overview } from "../../orchestrator/console/api.ts";
import { useAsked, useRoute } from "./hooks.ts";
import { AlertsPage } from "./pages/alerts.tsx";
import { DeployPage } from "./pages/deploy.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { PipelinePage } from "./pages/pipeline.tsx";
import { SqlPage } from "./pages/sql.tsx";
import { TimelinePage } from "./pages/timeline.tsx";
import { HealthMark } from "./parts/health.tsx";
import { pageLink, pipelineLink, type Route } from "./routes.ts";

const titles = { overview: "Overview", timeline: "Timeline", alerts: "Alerts", deploy: "Deploy", sql: "SQL" };

const titleOf = (route: Route) =>
  route.page === "pipeline"
    ? `${route.report ?? route.tab} · ${route.pipeline}`
    : route.page === "unknown"
      ? "Nothing here"
      : titles[route.page];

function NavLink({ href, isHere, children }: { href: string; isHere: boolean; children: ComponentChildren }) {
  return (
    <li>
      <a href={href} aria-current={isHere ? "page" : undefined}>
        {children}
      </a>
    </li>
  );
}

export function App() {
  const route = useRoute();
  const overview = useAsked<Overview>("/api/overview", 2000);
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const place = route.page === "pipeline" ? `${route.pipeline} ${route.tab} ${route.report}` : route.page;
  useEffect(() => {
    document.title = `${titleOf(route)} · Swordlake`;
    // Who goes on by keyboard or by ear begins at the new page, not behind the link.
    if (!isFirst.current) main.current?.focus();
    isFirst.current = false;
  }, [place]);
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        To the content
      </button>
      <header class="bar">
        <a class="brand" href="#/">
          <img src="./icon.svg" alt="" width="24" height="24" />
          Swordlake
        </a>
        <nav aria-label="Pages">
          <ul>
            {(["overview", "timeline", "alerts", "deploy", "sql"] as const).map((page) => (
              <NavLink key={page} href={pageLink(page)} isHere={route.page === page}>
                {titles[page]}
              </NavLink>
            ))}
          </ul>
        </nav>
        {overview.value && (
          <nav aria-label="Pipelines" class="pipelines">
            <ul>
              {overview.value.pipelines.map(({ name, health }) => (
                <NavLink
                  key={name}
                  href={pipelineLink(name)}
                  isHere={route.page === "pipeline" && route.pipeline === name}
                >
                  <HealthMark health={health} />
                  {name}
                </NavLink>
              ))}
            </ul>
          </nav>
        )}
      </header>
      <main ref={main} id="main" tabIndex={-1}>
        <Page route={route} overview={overview} />
      </main>
    </>
  );
}

function Page({ route, overview }: { route: Route; overview: ReturnType<typeof useAsked<Overview>> }) {
  switch (route.page) {
    case "overview":
      return <OverviewPage overview={overview} />;
    case "pipeline":
      return <PipelinePage key={route.pipeline} route={route} overview={overview.value} />;
    case "timeline":
      return <TimelinePage overview={overview.value} />;
    case "alerts":
      return <AlertsPage />;
    case "deploy":
      return <DeployPage overview={overview.value} />;
    case "sql":
      return <SqlPage />;
    default:
      return (
        <>
          <h1>Nothing here</h1>
          <p>
            <a href="#/">Overview</a> shows all there is.
          </p>
        </>
      );
  }
}
