// A picture that the orchestrator drew, put into the page without ever being read as HTML.
import { useEffect, useRef } from "preact/hooks";

const drawing = new Set([
  "svg",
  "g",
  "path",
  "text",
  "tspan",
  "line",
  "rect",
  "circle",
  "defs",
  "clipPath",
  "title",
]);
const links = /^(on|href$|xlink:|style$)/i;

/** What draws, without anything that could act or ask; undefined where the text is no picture. */
function readPicture(svg: string): Element | undefined {
  const { documentElement } = new DOMParser().parseFromString(svg, "image/svg+xml");
  if (documentElement.nodeName !== "svg") return undefined;
  for (const element of [documentElement, ...documentElement.querySelectorAll("*")]) {
    if (!drawing.has(element.nodeName)) element.remove();
    for (const { name } of [...element.attributes]) if (links.test(name)) element.removeAttribute(name);
  }
  return documentElement;
}

export function Picture({ svg, label, kind }: { svg: string; label: string; kind: "wide" | "narrow" }) {
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const picture = readPicture(svg);
    picture?.setAttribute("aria-hidden", "true");
    frame.current?.replaceChildren(...(picture ? [picture] : []));
  }, [svg]);
  return <div ref={frame} class={`picture ${kind}`} role="img" aria-label={label} />;
}
