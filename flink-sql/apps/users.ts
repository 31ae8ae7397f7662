// Made-up users: some move, all grow older, of some nobody knows age or place. A user's version is a function of
// the day.
import { createDraws, powerLaw } from "../generator.ts";

const firstNames =
  "Ada Bo Chloé Dana Elif Femi Grace Hugo Ines Jürgen Keiko Liam Mona Noor Olga Priya Quinn Rosa Søren Tomás Uma Vera Wei Ximena Yusuf Zoë".split(
    " ",
  );
const lastNames =
  "Adams Brown Castillo Dubois Evans Fischer García Haddad Ivanov Jones Kim Lovelace Müller Nguyen O'Connor Patel Quispe Rossi Smith Tanaka Ueda Van-Dyke Weber Xu Young Zhang".split(
    " ",
  );
const places = [
  ...[
    "New York, NY",
    "London",
    "São Paulo",
    "Mumbai",
    "Lagos",
    "Tokyo",
    "Berlin",
    "Paris",
    "Springfield, IL",
  ],
  ...[
    "Mexico City",
    "Cairo",
    "Istanbul",
    "Jakarta",
    "Seoul",
    "Madrid",
    "Toronto",
    "Sydney",
    "Zürich",
    "Lima",
  ],
  ...["Nairobi", "Warsaw", "Chicago, IL", "Houston, TX", "Kyiv", "Oslo", "Porto", "Hanoi", "Accra", "Dublin"],
];

/** A user has at most so many versions in the year: older once, elsewhere once. */
export const versionsMax = 3;

export interface Users {
  count: number;
  id(user: number): string;
  /** 0 to versionsMax - 1. */
  version(user: number, day: number): number;
  /** Undefined where nobody knows it. */
  age(user: number, version: number): number | undefined;
  place(user: number, version: number): string | undefined;
  /** The columns user_id to user_location. */
  columns(user: number, version: number): string[];
}

const never = 65535;

export function createUsers(count: number, days: number, seed: number): Users {
  const draws = createDraws(seed, "users");
  const place = powerLaw(places.length, 0.7);
  const [born, ages] = [new Uint16Array(count), new Uint8Array(count)];
  const [moves, from, to] = [new Uint16Array(count), new Uint8Array(count), new Uint8Array(count)];
  const names: string[] = [];
  for (let user = 0; user < count; user++) {
    born[user] = draws.between(1, days - 1);
    ages[user] = draws.chance(0.05) ? 0 : Math.max(10, Math.min(90, Math.round(34 + 14 * draws.normal())));
    moves[user] = draws.chance(0.3) ? draws.between(1, days - 1) : never;
    from[user] = place(draws);
    to[user] = (from[user]! + draws.between(1, places.length - 1)) % places.length;
    const title = draws.chance(0.03) ? ", Jr." : "";
    names.push(`${draws.pick(firstNames)} ${draws.pick(lastNames)}${title}`);
  }
  // A birthday that nobody knows makes no version.
  const birthday = (user: number) => (ages[user] === 0 ? never : born[user]!);
  const isUnknownPlace = (user: number) => user % 20 === 11;
  const moving = (user: number) => (isUnknownPlace(user) ? never : moves[user]!);
  /** Which of the two comes first says what version 1 is; both on one day leave version 1 out. */
  const age = (user: number, version: number) => {
    if (ages[user] === 0) return undefined;
    const isOlder = version === 2 || (version === 1 && birthday(user) <= moving(user));
    return ages[user]! + (isOlder ? 1 : 0);
  };
  const placeOf = (user: number, version: number) => {
    if (isUnknownPlace(user)) return undefined;
    const hasMoved = version === 2 || (version === 1 && moving(user) < birthday(user));
    return places[hasMoved ? to[user]! : from[user]!];
  };
  // The first hundred as in the original file; the others beyond 2^53, where a double has no whole numbers.
  const id = (user: number) =>
    user < 100 ? String(user + 1) : String(9_007_199_254_740_993n + BigInt(user));
  return {
    count,
    id,
    version: (user, day) => (day >= birthday(user) ? 1 : 0) + (day >= moving(user) ? 1 : 0),
    age,
    place: placeOf,
    columns: (user, version) => [
      id(user),
      names[user]!,
      age(user, version)?.toString() ?? (user % 2 === 0 ? "NaN" : ""),
      placeOf(user, version) ?? "Unknown",
    ],
  };
}
