/**
 * Progress of long work: on a terminal a bar that redraws itself, in a pipe a line every few seconds. Both say the same:
 * done of total, the rate, and the time left as far as the rate so far tells.
 */
import { SingleBar } from 'cli-progress';
import type { Output } from './terminal.ts';
import { showDuration } from './text.ts';

export interface Progress {
  /**
   * What was done before the first update counts as done, and not towards the rate.
   *
   * @param extra what else there is to say so far, such as what it has cost
   */
  update(done: number, total: number, extra?: readonly string[]): void;
  /** Ends the bar. */
  stop(): void;
}

export interface ProgressOptions {
  readonly label: string;
  readonly output: Output;
  readonly isSilent: boolean;
}

const LINE_EVERY_MS = 3_000;
const BAR_CELLS = 24;

export function createProgress({ label, output, isSilent }: ProgressOptions): Progress {
  if (isSilent) return { update: () => undefined, stop: () => undefined };
  let before = 0;
  let said: readonly string[] = [];
  const bar = new SingleBar({
    stream: output as NodeJS.WritableStream,
    format: (_options, { value, total, startTime }) =>
      showProgress({
        label,
        before,
        done: value,
        total,
        elapsedMs: Date.now() - startTime,
        hasBar: output.isTTY === true,
        extra: said,
      }),
    noTTYOutput: true,
    notTTYSchedule: LINE_EVERY_MS,
    hideCursor: true,
    // The command says what came of it; in a pipe nothing is cleared.
    clearOnComplete: true,
    gracefulExit: false,
  });
  let isStarted = false;
  return {
    update(done, total, extra = []) {
      said = extra;
      if (isStarted) bar.setTotal(total);
      else {
        before = done;
        bar.start(total, done);
      }
      isStarted = true;
      bar.update(done);
    },
    stop() {
      if (isStarted) bar.stop();
      isStarted = false;
    },
  };
}

export interface ProgressFacts {
  readonly label: string;
  /** Of those done, how many were when this began; default 0. */
  readonly before?: number;
  readonly done: number;
  readonly total: number;
  readonly elapsedMs: number;
  readonly hasBar: boolean;
  readonly extra?: readonly string[];
}

/** One line: `ingest  ██████░░░░  120/303  8.2/s  22 s left`. Rate and time left are left out while there is none. */
export function showProgress(facts: ProgressFacts): string {
  const { label, before = 0, done, total, elapsedMs, hasBar, extra = [] } = facts;
  const share = total > 0 ? Math.min(done / total, 1) : 0;
  const full = Math.round(share * BAR_CELLS);
  const perSecond = elapsedMs > 0 ? ((done - before) / elapsedMs) * 1_000 : 0;
  const count = (value: number) => value.toLocaleString('en');
  const parts = [
    label,
    ...(hasBar ? ['█'.repeat(full) + '░'.repeat(BAR_CELLS - full)] : []),
    `${count(done)}/${count(total)}`,
    ...(perSecond > 0 ? [`${perSecond >= 10 ? count(Math.round(perSecond)) : perSecond.toFixed(1)}/s`] : []),
    ...(perSecond > 0 && done < total ? [`${showDuration(((total - done) / perSecond) * 1_000)} left`] : []),
    ...(done >= total && total > 0 ? [`in ${showDuration(elapsedMs)}`] : []),
    ...extra,
  ];
  return parts.join('  ');
}
