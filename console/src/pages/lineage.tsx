// Where a pipeline's data comes from and goes to, drawn, with the numbers of now.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type {
  LineageNode,
  NodeKind,
  PipelinePage,
  PipelineState,
} from "../../../orchestrator/console/api.ts";
import { useNow } from "../hooks.ts";
import { type Box, curve, relatives } from "../lineage-layout.ts";
import { reportLink } from "../routes.ts";
import { ago, count } from "../words.ts";

const columns: { title: string; kinds: NodeKind[] }[] = [
  { title: "topics", kinds: ["topic"] },
  { title: "jobs", kinds: ["job"] },
  { title: "tables and alerts", kinds: ["table", "alert"] },
  { title: "reports", kinds: ["report"] },
];

/** What a node's number says now. */
function figure({ kind, name }: LineageNode, state: PipelineState | undefined, now: number): string {
  if (kind === "topic") {
    const topic = state?.topics.find((one) => one.name === name);
    return topic?.records === 1 ? "1 record" : topic ? `${count(topic.records)} records` : "";
  }
  if (kind === "job") {
    const job = state?.jobs.find((one) => one.name === name);
    return job ? `${job.state.toLowerCase()}, ${count(job.lag)} waiting` : "";
  }
  const table = kind === "table" ? state?.tables.find((one) => one.name === name) : undefined;
  if (!table) return "";
  if (!table.committedAt) return "nothing landed yet";
  return `${table.rows === null ? "latest rows" : `${count(table.rows)} rows`}, ${ago(table.committedAt, now)}`;
}

interface NodeProps {
  node: LineageNode;
  pipeline: string;
  text: string;
  from: string[];
  isFaint: boolean;
  isBad: boolean;
  onPoint: (id: string | undefined) => void;
}

function Node({ node, pipeline, text, from, isFaint, isBad, onPoint }: NodeProps) {
  const { id, kind, name, title } = node;
  const short = name.startsWith(`${pipeline}/`) ? name.slice(pipeline.length + 1) : name;
  const classes = ["node", `of-${kind}`, isFaint && "faint", isBad && "bad"].filter(Boolean).join(" ");
  return (
    <li
      class={classes}
      data-node={id}
      onMouseEnter={() => onPoint(id)}
      onMouseLeave={() => onPoint(undefined)}
      onFocusIn={() => onPoint(id)}
      onFocusOut={() => onPoint(undefined)}
    >
      {kind === "report" ? <a href={reportLink(pipeline, name)}>{title}</a> : <strong>{short}</strong>}
      {kind !== "report" && title && <span class="title">{title}</span>}
      {text && <span class="figure">{text}</span>}
      {from.length > 0 && <span class="from">from {from.join(", ")}</span>}
    </li>
  );
}

export function LineagePage({ facts, state }: { facts: PipelinePage; state: PipelineState | undefined }) {
  const now = useNow();
  const { nodes, edges } = facts.lineage;
  const frame = useRef<HTMLDivElement>(null);
  const [lines, setLines] = useState<{ key: string; from: string; to: string; path: string }[]>([]);
  const [pointed, setPointed] = useState<string>();
  const shown = pointed ? relatives(pointed, edges) : undefined;

  useLayoutEffect(() => {
    const draw = () => {
      const origin = frame.current!.getBoundingClientRect();
      const boxes = new Map<string, Box>();
      for (const element of frame.current!.querySelectorAll<HTMLElement>("[data-node]")) {
        const { left, right, top, bottom } = element.getBoundingClientRect();
        boxes.set(element.dataset.node!, {
          left: left - origin.left,
          right: right - origin.left,
          top: top - origin.top,
          bottom: bottom - origin.top,
        });
      }
      setLines(
        edges.map(([from, to]) => ({
          key: `${from} ${to}`,
          from,
          to,
          path: curve(boxes.get(from)!, boxes.get(to)!),
        })),
      );
    };
    draw();
    const watcher = new ResizeObserver(draw);
    // A box grows when its numbers come, though the whole need not.
    for (const element of [frame.current!, ...frame.current!.querySelectorAll("[data-node]")])
      watcher.observe(element);
    return () => watcher.disconnect();
  }, [facts]);

  const nameOf = (id: string) => nodes.find((node) => node.id === id)?.name ?? id;
  return (
    <section aria-label="Lineage">
      <div class="lineage" ref={frame}>
        <svg aria-hidden="true">
          {lines.map(({ key, from, to, path }) => (
            <path key={key} d={path} class={shown && !(shown.has(from) && shown.has(to)) ? "faint" : ""} />
          ))}
        </svg>
        {columns.map(({ title, kinds }) => (
          <div key={title} class="column">
            <h2>{title}</h2>
            <ul>
              {nodes
                .filter(({ kind }) => kinds.includes(kind))
                .map((node) => (
                  <Node
                    key={node.id}
                    node={node}
                    pipeline={facts.name}
                    text={figure(node, state, now)}
                    from={edges.filter(([, to]) => to === node.id).map(([from]) => nameOf(from))}
                    isFaint={shown !== undefined && !shown.has(node.id)}
                    isBad={
                      node.kind === "job" &&
                      state?.jobs.find(({ name }) => name === node.name)?.state !== "RUNNING" &&
                      state !== undefined
                    }
                    onPoint={setPointed}
                  />
                ))}
            </ul>
          </div>
        ))}
      </div>
    </section>
  );
}
