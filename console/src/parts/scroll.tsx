// A part of the page that scrolls by itself: reached and moved by keyboard, and named for those who hear it.
import type { ComponentChildren } from "preact";

interface Props {
  label: string;
  class: string;
  children: ComponentChildren;
}

export function Scroll({ label, class: name, children }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class={name} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
