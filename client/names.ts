// Names in a generated client, from names in the contract. Pure; no two events share one.

/** What a client has beside its events, and what would turn it into a promise or hide an Object's own. */
const reserved = ["flush", "close", "waiting", "then"];

const isReserved = (name: string) => reserved.includes(name) || name in {};

/** purchase_sword → purchaseSword */
const camel = (name: string) => name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** purchaseSword → PurchaseSword; iron_mine → IronMine */
export const pascal = (name: string) => camel(name).replace(/^./, (letter) => letter.toUpperCase());

/** The method of each event: `flush` becomes `flushEvent`; a name that is taken gets a `_`. */
export function methodNames(types: string[]): Map<string, string> {
  const taken = new Set<string>();
  const names = new Map<string, string>();
  for (const type of types) {
    let name = isReserved(camel(type)) ? `${camel(type)}Event` : camel(type);
    while (taken.has(name)) name += "_";
    taken.add(name);
    names.set(type, name);
  }
  return names;
}
