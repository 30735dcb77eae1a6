/**
 * A signal that aborts with another one, or by itself. `AbortSignal.any` would do, but Node keeps such a signal for as long as
 * somebody listens to it, with all that the listener holds: a worker would keep the input of every call it ever made whose
 * step did not take its listener back.
 */
export interface LinkedAbort {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
  /** Lets go of the other signal. */
  unlink(): void;
}

export function linkedTo(outer: AbortSignal): LinkedAbort {
  const controller = new AbortController();
  const follow = () => controller.abort(outer.reason);
  if (outer.aborted) follow();
  else outer.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    unlink: () => outer.removeEventListener('abort', follow),
  };
}
