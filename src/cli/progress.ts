/**
 * Progress of long work: on a terminal a bar that redraws itself, in a pipe a line every few seconds. Both say the same:
 * done of total, the rate, and the time left as far as the rate so far tells.
 */
import { SingleBar } from 'cli-progress';
import { showDuration, showWhole } from '../base/format.ts';
import type { Output } from './terminal.ts';

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
/** A bar of less says nothing. */
const FEWEST_CELLS = 6;
const GAP = '  ';

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
        ...(output.isTTY && output.columns !== undefined && { room: output.columns }),
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
  /** Columns of the terminal: a line that is wider could not be drawn over. Default: without end. */
  readonly room?: number;
}

/** One line: `ingest  ██████░░░░  120/303  8.2/s  22 s left`. Rate and time left are left out while there is none. */
export function showProgress(facts: ProgressFacts): string {
  const { label, before = 0, done, total, elapsedMs, hasBar, extra = [], room = Number.POSITIVE_INFINITY } = facts;
  const share = total > 0 ? Math.min(done / total, 1) : 0;
  const perSecond = elapsedMs > 0 ? ((done - before) / elapsedMs) * 1_000 : 0;
  const told = [
    `${showWhole(done)}/${showWhole(total)}`,
    ...(perSecond > 0 ? [`${perSecond >= 10 ? showWhole(Math.round(perSecond)) : perSecond.toFixed(1)}/s`] : []),
    ...(perSecond > 0 && done < total ? [`${showDuration(((total - done) / perSecond) * 1_000)} left`] : []),
    ...(done >= total && total > 0 ? [`in ${showDuration(elapsedMs)}`] : []),
  ];
  const isFitting = (parts: readonly string[]) => parts.join(GAP).length < room;
  const rest = isFitting([label, ...told, ...extra]) ? [...told, ...extra] : told;
  if (!isFitting([label, ...rest])) return rest.join(GAP);
  // The bar takes what is left.
  const cells = Math.min(BAR_CELLS, room - 1 - [label, '', ...rest].join(GAP).length);
  if (!hasBar || cells < FEWEST_CELLS) return [label, ...rest].join(GAP);
  const full = Math.round(share * cells);
  return [label, '█'.repeat(full) + '░'.repeat(cells - full), ...rest].join(GAP);
}
