// Arithmetic of the answers: exact, by the same rules as the reports' SQL.

/** The order of VARCHAR: by code points. */
export const textOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const bands: [number, string][] = [
  [18, "0-17"],
  [25, "18-24"],
  [35, "25-34"],
  [45, "35-44"],
  [55, "45-54"],
  [65, "55-64"],
];

export const bandOf = (age: number | undefined): string =>
  age === undefined ? "unknown" : (bands.find(([below]) => age < below)?.[1] ?? "65+");

/** 0 to count - 1. */
export const rank = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
