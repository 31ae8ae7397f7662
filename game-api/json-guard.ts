// Reads JSON with one look along the text first: what would cost much to parse, or would be kept other than
// it was sent, is refused. No recursion, linear in the text; what isn't JSON is left to the parser.
import { errors } from "./errors.ts";
import { duplicateKey } from "./json-keys.ts";

/** Contracts are flat; what is nested has no use here, and writing it again would recurse. */
export const depthMax = 32;

const quote = 34;
const comma = 44;
const colon = 58;
const backslash = 92;
/** Brackets and braces differ by one bit. */
const eitherBit = 32;
const open = 123;
const close = 125;

const pair = /^\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}$/;

/** From a backslash to what comes after its escape. Throws at half a pair, which has no form in UTF-8. */
function skipEscape(text: string, at: number): number {
  if (!/^\\u[dD][89a-fA-F]/.test(text.slice(at, at + 4))) return at + 2;
  if (pair.test(text.slice(at, at + 12))) return at + 12;
  throw errors.JsonInvalid(`half a surrogate pair at character ${at}`);
}

/**
 * Counts the keys of events: of the outermost object, or of the objects in an outermost array.
 * Throws json_too_deep, json_invalid (half a surrogate pair), and batch_too_long where an outermost array
 * has more than `elementsMax` elements.
 */
function countKeys(text: string, elementsMax: number): number {
  const { length } = text;
  let depth = 0;
  let eventDepth = 0;
  let elements = 1;
  let keys = 0;
  for (let at = 0; at < length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      for (at += 1; at < length; at += 1) {
        const inside = text.charCodeAt(at);
        if (inside === quote) break;
        if (inside === backslash) at = skipEscape(text, at) - 1;
      }
    } else if (code === colon) {
      if (depth === eventDepth) keys += 1;
    } else if (code === comma) {
      if (depth !== 1 || eventDepth === 1) continue;
      elements += 1;
      if (elements > elementsMax) throw errors.BatchTooLong(elementsMax, elementsMax);
    } else if ((code | eitherBit) === open) {
      depth += 1;
      if (depth > depthMax) throw errors.JsonTooDeep(depthMax);
      if (depth === 1) eventDepth = code === open ? 1 : 2;
    } else if ((code | eitherBit) === close) depth -= 1;
  }
  return keys;
}

function keysOf(value: unknown): number {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return 0;
  let keys = 0;
  for (const _ in value) keys += 1;
  return keys;
}

/**
 * The value of a text that is an event or an array of at most `elementsMax` events.
 * Throws json_invalid, json_too_deep, batch_too_long, and json_duplicate_key where an event has a field twice:
 * the parser would keep the last one without a word.
 */
export function readGuarded(text: string, elementsMax = Number.POSITIVE_INFINITY): unknown {
  const keys = countKeys(text, elementsMax);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw errors.JsonInvalid((error as Error).message);
  }
  // Where the parser kept fewer keys than the text has, one was there twice.
  let kept = 0;
  if (Array.isArray(value)) for (const element of value) kept += keysOf(element);
  else kept = keysOf(value);
  if (kept !== keys) throw errors.JsonDuplicateKey(duplicateKey(text));
  return value;
}
