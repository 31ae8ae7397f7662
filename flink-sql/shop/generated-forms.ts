// How Trino's answers write days, times, money and ratios.
import { hundredths, quotient } from "../generator.ts";

export const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
export const timeOf = (ms: number) => `${new Date(ms).toISOString().replace("T", " ").slice(0, 23)} UTC`;
export const money = hundredths;
export const ratio = (part: number, whole: number) => quotient(part, whole, 4);
