// Arithmetic of the answers: exact, by the same rules as the reports' SQL.

/** a / b with so many decimals, half up as Trino rounds; whole numbers from 0 on. */
export function averageText(a: number, b: number, decimals: number): string {
  const scaled = (2n * BigInt(a) * 10n ** BigInt(decimals) + BigInt(b)) / (2n * BigInt(b));
  const digits = scaled.toString().padStart(decimals + 1, "0");
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

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
