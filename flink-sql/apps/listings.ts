// Made-up listings of an app store: shaped, skewed and written as the real file's are. What an app's listing says
// is a function of the app and the month, so that nothing of it has to be remembered.
import { createDraws, hundredths, powerLaw, thousands, timeWriter, weighted } from "../generator.ts";

export const monthCount = 13;

const genreOf: Record<string, string> = {
  FAMILY: "Education;Pretend Play",
  GAME: "Action;Action & Adventure",
  TOOLS: "Tools",
  MEDICAL: "Medical",
  BUSINESS: "Business",
  PRODUCTIVITY: "Productivity",
  PERSONALIZATION: "Personalization",
  COMMUNICATION: "Communication",
  SPORTS: "Sports",
  LIFESTYLE: "Lifestyle",
  FINANCE: "Finance",
  HEALTH_AND_FITNESS: "Health & Fitness",
  PHOTOGRAPHY: "Photography",
  SOCIAL: "Social",
  NEWS_AND_MAGAZINES: "News & Magazines",
  SHOPPING: "Shopping",
  TRAVEL_AND_LOCAL: "Travel & Local",
  DATING: "Dating",
  BOOKS_AND_REFERENCE: "Books & Reference",
  VIDEO_PLAYERS: "Video Players & Editors",
  EDUCATION: "Education",
  ENTERTAINMENT: "Entertainment",
  MAPS_AND_NAVIGATION: "Maps & Navigation",
  FOOD_AND_DRINK: "Food & Drink",
  HOUSE_AND_HOME: "House & Home",
  AUTO_AND_VEHICLES: "Auto & Vehicles",
  WEATHER: "Weather",
  LIBRARIES_AND_DEMO: "Libraries & Demo",
  ART_AND_DESIGN: "Art & Design;Creativity",
  COMICS: "Comics",
  PARENTING: "Parenting;Brain Games",
  EVENTS: "Events",
  BEAUTY: "Beauty",
};
export const categories = Object.keys(genreOf);

const first =
  "Bright Calm Clever Cosmic Daily Deep Easy Epic Fast Fresh Golden Happy Hidden Home Instant Jolly Kids' Little Lucky Magic Mega Mini Modern My Neon New Night Ocean Open Party Pixel Pocket Power Pro Quick Quiet Rapid Real Retro Royal Secret Shiny Simple Smart Solar Space Star Sunny Super Sweet Tiny True Turbo Ultra Urban Velvet Wild World Yellow Zen";
const second =
  "Alarm Album Atlas Baby Bank Beats Bike Birds Blocks Board Books Boxing Bubble Budget Cafe Calendar Camera Cards Castle Cats Chat Checkers Chef Chess Circle City Clock Cloud Club Coach Coins Color Comics Compass Contacts Cooking Craft Cricket Dance Dash Dating Desk Diary Diet Dogs Doodle Dragon Draw Drive Drums Editor English Explorer Farm Fashion Files Fish Fit Flash Flight Focus Food Football Forest Frames Frenzy Friends Gallery Garden Gems Golf Guitar Habits Heart Heroes Hotel Hunt Island Jewels Jobs Journal Jump Kart Keyboard Kitchen Lab Language Launcher League Lens Letters Library Lights Lock Logic Mail Makeup Maps Market Master Match Math Maze Memory Messenger Metro Mixer Monsters Movies Music News Notes Numbers Office Orbit Paint Parking Pets Phone Photo Piano Pilot Planner Player Poker Post Potion Puzzle Quest Quiz Race Radar Radio Reader Recipes Ride Robots Run Sale Scanner School Score Shop Sketch Sky Sleep Smile Snake Soccer Solitaire Songs Stories Stream Street Sudoku Tales Taxi Tennis Ticket Timer Tower Trade Trains Translate Travel Trivia Tuner Tycoon Video Voice Wallet War Watch Weather Words Workout Yoga Zoo";
const [firstWords, secondWords] = [first.split(" "), second.split(" ")];

const installs = [0, 1, 5, 10, 50, 100, 500, 1000, 5000, 10_000, 50_000, 100_000, 500_000].concat([
  1_000_000, 5_000_000, 10_000_000, 50_000_000, 100_000_000, 500_000_000, 1_000_000_000,
]);
const android = ["4.0.3 and up", "4.1 and up", "2.3 and up", "5.0 - 8.0", "Varies with device", "NaN"];
const prices = [99, 199, 299, 399, 499, 999, 1499, 39999];
const inWords = timeWriter("MMMM d, yyyy");
const dayMs = 24 * 3600 * 1000;

export interface Listings {
  count: number;
  name(app: number): string;
  category: Uint8Array;
  isPaid(app: number): boolean;
  /** In hundredths. */
  price: Uint32Array;
  /** In tenths; 0 where the app has none. */
  rating(app: number, month: number): number;
  /** The thirteen columns of the listing, App to Android Ver. */
  columns(app: number, month: number): string[];
}

export const monthText = (month: number) =>
  `${2020 + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, "0")}`;

/** The fields of which an app's key is made. */
export const fieldsOf = (listings: Listings, app: number) => ({
  app: listings.name(app),
  category: categories[listings.category[app]!]!,
  app_type: listings.isPaid(app) ? "Paid" : "Free",
});

/** Some names stand for two apps: of another category, or one free and one paid. */
const sharesCategory = (app: number) => app % 100 === 60;
const sharesName = (app: number) => app % 25 === 24 || sharesCategory(app);

/** At most as many apps as two words make names. */
export function createListings(count: number, seed: number): Listings {
  const draws = createDraws(seed, "listings");
  const kind = powerLaw(categories.length, 0.8);
  const level = weighted(installs.map((_, at) => [at, at < 7 ? 2 : 10] as const));
  const contentRating = weighted([
    ["Everyone", 80],
    ["Teen", 12],
    ["Mature 17+", 5],
    ["Everyone 10+", 4],
    ["Adults only 18+", 1],
    ["Unrated", 1],
    ["", 1],
  ]);
  const category = new Uint8Array(count);
  const price = new Uint32Array(count);
  const ratings = new Uint8Array(count);
  const levels = new Uint8Array(count);
  const reviews = new Uint32Array(count);
  const updated = new Uint16Array(count);
  const sizes: string[] = [];
  const contents: string[] = [];
  for (let app = 0; app < count; app++) {
    category[app] = kind(draws);
    price[app] = draws.chance(0.07) ? draws.pick(prices) : 0;
    if (sharesCategory(app)) {
      category[app] = category[app - 1]!;
      price[app] = price[app - 1] ? 0 : 199;
    } else if (sharesName(app)) category[app] = (category[app - 1]! + 1) % categories.length;
    ratings[app] = draws.chance(0.13) ? 0 : Math.max(10, Math.min(50, Math.round(42 + 6 * draws.normal())));
    levels[app] = level(draws);
    reviews[app] = draws.below(1 + Math.ceil(installs[levels[app]!]! / 20));
    updated[app] = draws.below(1500);
    const unit = draws.chance(0.1) ? `${draws.between(8, 999)}k` : `${draws.between(1, 99)}M`;
    const small = `${draws.between(1, 9)}.${draws.below(10)}M`;
    sizes.push(draws.chance(0.16) ? "Varies with device" : draws.chance(0.3) ? small : unit);
    contents.push(contentRating(draws));
  }
  const isPaid = (app: number) => price[app]! > 0;
  const baseName = (app: number) => {
    const [one, two] = [
      firstWords[app % firstWords.length],
      secondWords[Math.floor(app / firstWords.length)],
    ];
    if (app % 17 === 3) return `${one} ${two}: Plan, Play & More`;
    if (app % 41 === 5) return `The "${one}" ${two}`;
    return app % 29 === 7 ? `${one} ${two} – für Zürich ✔` : `${one} ${two}`;
  };
  const rating = (app: number, month: number) =>
    ratings[app] === 0 ? 0 : Math.max(10, Math.min(50, ratings[app]! + ((app + month) % 3) - 1));
  return {
    count,
    category,
    price,
    isPaid,
    rating,
    name: (app) => baseName(sharesName(app) ? app - 1 : app),
    columns(app, month) {
      const stars = rating(app, month);
      const known =
        installs[Math.min(levels[app]! + (month > 5 && app % 5 === 0 ? 1 : 0), installs.length - 1)]!;
      const version = app % 9 === 0 ? "Varies with device" : `${1 + (app % 5)}.${month}.${app % 10}`;
      return [
        this.name(app),
        categories[category[app]!]!,
        stars === 0 ? "NaN" : (stars / 10).toFixed(1),
        String(reviews[app]! + month * (1 + (app % 7))),
        sizes[app]!,
        known === 0 ? "0" : `${thousands(String(known))}+`,
        // As in the real file: the odd listing has no type.
        app % 997 === 13 && !isPaid(app) ? "NaN" : isPaid(app) ? "Paid" : "Free",
        isPaid(app) ? `$${hundredths(price[app]!)}` : "0",
        contents[app]!,
        genreOf[categories[category[app]!]!]!,
        inWords(Date.UTC(2015, 10, 1) + (updated[app]! + 28 * month) * dayMs),
        app % 50 === 7 ? "NaN" : version,
        android[app % android.length]!,
      ];
    },
  };
}
