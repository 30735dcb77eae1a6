/** Following a backtest to its end, under a progress bar. Who stops looking does not stop it. */
import type { Runtime } from '../host/runtime.ts';
import type { RerunRow } from '../store/reruns.ts';
import { moneyLine } from './rerun-outcome.ts';
import { Interrupted, type Session } from './session.ts';

/** A worker answers within this, if there is one. */
const IDLE_MS = 10_000;

/** @throws what it failed with; Interrupted at Ctrl-C, with how to go on */
export async function followRerun(
  { terminal, signal }: Session,
  { client, isPassing }: Pick<Runtime, 'client' | 'isPassing'>,
  { rerunId, variant }: RerunRow,
): Promise<RerunRow> {
  const progress = terminal.progress(variant);
  const idle = setTimeout(() => terminal.note('no worker has taken it yet; is one running? sluice worker'), IDLE_MS);
  try {
    const row = await client.followRerun(rerunId, {
      signal,
      onOutage: (message) => terminal.note(message),
      onProgress: (now) => {
        const { total, queued } = now;
        if (queued < total) clearTimeout(idle);
        if (total > 0) progress.update(total - queued, total, moneyLine(now));
      },
    });
    if (!signal.aborted) return row;
  } finally {
    clearTimeout(idle);
    progress.stop();
  }
  throw new Interrupted([
    isPassing ? 'stopped with the servers of this command; what is done is kept' : 'it goes on by itself',
    `  see it: sluice backtest show ${rerunId}`,
    ...(isPassing ? [] : [`  end it: sluice backtest stop ${rerunId}`]),
  ]);
}
