// What never reaches the log: credentials, wherever an object that holds them is logged.

const names = ["authorization", "x-api-key", "cookie"];
const above = ["", "headers", "*.headers", "*.*.headers"];

/** For pino's `redact`. */
export const redacted = {
  paths: names.flatMap((name) => above.map((path) => `${path}["${name}"]`)),
  censor: "[redacted]",
};
