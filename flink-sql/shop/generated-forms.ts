// How Trino's answers write days, times, money and ratios.
import { hundredths } from "../generator.ts";

export const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
export const timeOf = (ms: number) => `${new Date(ms).toISOString().replace("T", " ").slice(0, 23)} UTC`;
export const money = hundredths;

/**
 * ROUND(CAST(a AS DECIMAL(38, 6)) / b, 4): the division rounds half up to six digits, then ROUND to four.
 * For a from 0 and b from 1.
 */
export function ratio(a: number, b: number): string {
  const [part, whole] = [BigInt(a), BigInt(b)];
  const sixth = (part * 2_000_000n + whole) / (2n * whole);
  const digits = String((sixth + 50n) / 100n).padStart(5, "0");
  return `${digits.slice(0, -4)}.${digits.slice(-4)}`;
}
