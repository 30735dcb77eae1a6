/** Sends traces for as long as a worker runs, where a receiver is configured: looks for what is due, and sends it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { TraceConfig } from '../../config/trace-config.ts';
import type { Store } from '../../store/store.ts';

/** Between looks that found nothing more to do. */
const PAUSE_MS = 2_000;
/** After a look that failed, the database being away. */
const OUTAGE_MS = 10_000;
/** What a worker that ends waits for its last look: a command's only run has ended just now. */
const LAST_MS = 3_000;

export interface RunningTraceExport {
  /** Ends after one more look; what is not sent is another's, or waits. */
  stop(): Promise<void>;
}

interface Dependencies {
  readonly store: Store;
  readonly urlOf: (runId: string) => string;
  readonly onChange: (message: string) => void;
}

/** Loads what sends when it is wanted: other processes do without it. */
export async function startTraceExport(
  config: TraceConfig,
  { store, urlOf, onChange }: Dependencies,
): Promise<RunningTraceExport> {
  const [{ createSender }, { createTraceExport }] = await Promise.all([
    import('./export-traces.ts'),
    import('./export-traces.ts'),
  ]);
  const sender = createSender(config);
  const { share, hasContent } = config;
  const { round } = createTraceExport({
    ...{ source: { store, urlOf }, exports: store.traceExports, send: sender.send, onChange, share, hasContent },
  });
  const stopping = new AbortController();
  const { signal } = stopping;
  const pause = (ms: number) => delay(ms, undefined, { signal }).catch(() => undefined);

  async function work(): Promise<void> {
    while (!signal.aborted) {
      try {
        if (!(await round())) await pause(PAUSE_MS);
      } catch (error) {
        onChange(`traces are not looked for now: ${error instanceof Error ? error.message : String(error)}`);
        await pause(OUTAGE_MS);
      }
    }
  }
  const working = work();
  return Object.freeze({
    async stop() {
      stopping.abort();
      await working;
      await Promise.race([round().catch(() => false), delay(LAST_MS, undefined, { ref: false })]);
      await sender.stop();
    },
  });
}
