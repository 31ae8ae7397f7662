// How a command hears that it should end. By itself: what starts the stack takes half a second to load.

/** Aborts on Ctrl-C, SIGTERM or a closed terminal, so that nothing half-started is left behind. */
export function abortOnSignal(): AbortSignal {
  const controller = new AbortController();
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)
    process.on(signal, () => {
      process.exitCode = code;
      controller.abort(new Error(`${signal}: everything that was started is ended again`));
    });
  return controller.signal;
}
