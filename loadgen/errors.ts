// The faults a person can cure, each with the exit code that ends the program.

/** Wrong usage: the message names the thing, its value and the cure. */
export class UsageError extends Error {
  readonly exitCode = 2;
}

/** The API isn't there, or went away for longer than the load waits. */
export class UnreachableError extends Error {
  readonly exitCode = 1;
  constructor(url: string, detail: string, options?: ErrorOptions) {
    super(
      `No API answers at ${url} (${detail}). Start it with 'make up', or name another with --url.`,
      options,
    );
  }
}
