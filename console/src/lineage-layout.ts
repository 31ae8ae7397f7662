// Where the curves between the boxes of a lineage run. Pure.

export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** From the middle of a box's right side to the middle of another's left side, in one soft bend. */
export function curve(from: Box, to: Box): string {
  const [x1, y1] = [from.right, (from.top + from.bottom) / 2];
  const [x2, y2] = [to.left, (to.top + to.bottom) / 2];
  const bend = Math.max(12, (x2 - x1) / 2);
  const round = (n: number) => Math.round(n * 10) / 10;
  return `M${round(x1)} ${round(y1)}C${round(x1 + bend)} ${round(y1)} ${round(x2 - bend)} ${round(y2)} ${round(x2)} ${round(y2)}`;
}

/** Everything that a node gets its data from, and everything that gets data from it; itself too. */
export function relatives(id: string, edges: [string, string][]): Set<string> {
  const walk = (start: string, next: (id: string) => string[]) => {
    const seen = new Set([start]);
    for (const one of seen) for (const other of next(one)) seen.add(other);
    return seen;
  };
  const before = walk(id, (one) => edges.filter(([, to]) => to === one).map(([from]) => from));
  const after = walk(id, (one) => edges.filter(([from]) => from === one).map(([, to]) => to));
  return new Set([...before, ...after]);
}
