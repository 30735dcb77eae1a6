/**
 * The one way out of the command line. What a program may want to read goes to stdout: the answer as text, or as JSON
 * with `--json`; everything else (progress, notes, errors) goes to stderr, so that a pipe never meets a progress bar.
 */

import { clearScreenDown, cursorTo, moveCursor } from 'node:readline';
import { SingleBar } from 'cli-progress';
import picocolors from 'picocolors';
import stringWidth from 'string-width';
import { showDuration, showWhole } from '../base/format.ts';

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export interface TerminalOptions {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: { readonly [name: string]: string | undefined };
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly debug?: boolean;
}

export type Colours = ReturnType<typeof picocolors.createColors>;

export interface Terminal {
  readonly json: boolean;
  readonly debug: boolean;
  /** For stdout: without effect when it is no terminal, or under NO_COLOR. */
  readonly colours: Colours;
  /** Columns that text is wrapped to; 80 where nobody looks. */
  readonly width: number;
  /** Columns that a table may take; without end where nobody looks, so that a row is a line. */
  readonly room: number;
  /** A line of the answer. */
  print(line?: string): void;
  /** The answer as JSON; the only thing on stdout under `--json`. */
  printJson(value: unknown): void;
  /** As JSON in one line, of many. */
  printJsonLine(value: unknown): void;
  /** Text on stdout that can be taken back; absent where nobody looks, and under `--json` and `--quiet`. */
  readonly live?: LiveText;
  /** A line beside the answer; silent under `--quiet`. */
  note(line: string): void;
  /** A line that must be seen. */
  warn(line: string): void;
  /** Begins a progress bar; silent under `--quiet`. */
  progress(label: string): Progress;
}

const UNKNOWN_WIDTH = 80;
const WIDEST = 120;

export function createTerminal(options: TerminalOptions): Terminal {
  const { stdout, stderr, environment, json = false, quiet = false, debug = false } = options;
  const wantsColour = (output: Output) =>
    environment.FORCE_COLOR ? environment.FORCE_COLOR !== '0' : output.isTTY === true && !environment.NO_COLOR;
  const isDumb = environment.TERM === 'dumb';
  const colours = picocolors.createColors(wantsColour(stdout) && !isDumb);
  const errorColours = picocolors.createColors(wantsColour(stderr) && !isDumb);
  return Object.freeze({
    json,
    debug,
    colours,
    width: Math.min(stdout.columns ?? UNKNOWN_WIDTH, WIDEST),
    room: stdout.columns ?? Number.POSITIVE_INFINITY,
    print: (line = '') => void stdout.write(`${line}\n`),
    printJson: (value: unknown) => void stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    printJsonLine: (value: unknown) => void stdout.write(`${JSON.stringify(value)}\n`),
    ...(stdout.isTTY && !isDumb && !json && !quiet && { live: createLiveText(stdout, colours) }),
    note: (line: string) => void (quiet || stderr.write(`${errorColours.dim(line)}\n`)),
    warn: (line: string) => void stderr.write(`${line}\n`),
    progress: (label: string) => createProgress({ label, output: stderr, isSilent: quiet }),
  });
}

/** Of terminals that do not say, or say 0. */
const UNKNOWN_ROWS = 24;
const UNKNOWN_COLUMNS = 80;
/** All control characters but the line feed: a model's text is not to steer the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is meant.
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g;

interface LiveText {
  add(text: string): void;
  /** Takes back all that was added; what has left the screen is said to be void. */
  clear(): void;
}

/**
 * Text that grows on a terminal and can be taken back. Lines are broken here, before the terminal would, so that it is
 * known how many there are to clear; characters that could move the cursor are left out.
 */
export function createLiveText(output: Output, colours: Colours): LiveText {
  const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  const stream = output as NodeJS.WritableStream;
  let [row, column] = [0, 0];

  function* broken(text: string): Generator<string> {
    const room = (output.columns || UNKNOWN_COLUMNS) - 1;
    for (const { segment } of graphemes.segment(text.replace(/\t/g, '  ').replace(CONTROLS, ''))) {
      const width = segment === '\n' ? 0 : stringWidth(segment);
      const isBreak = segment === '\n' || column + width > room;
      if (isBreak) {
        yield '\n';
        [row, column] = [row + 1, 0];
      }
      if (segment !== '\n') yield segment;
      column += width;
    }
  }

  return Object.freeze({
    add(text: string) {
      // Coloured line by line: a colour that spans lines would be left on where the screen scrolls.
      const lines = [...broken(text)].join('').split('\n');
      output.write(lines.map((line) => (line === '' ? '' : colours.dim(line))).join('\n'));
    },
    clear() {
      if (row === 0 && column === 0) return;
      const onScreen = Math.min(row, (output.rows || UNKNOWN_ROWS) - 1);
      moveCursor(stream, 0, -onScreen);
      cursorTo(stream, 0);
      clearScreenDown(stream);
      if (row > onScreen) output.write(`${colours.dim('(the draft above was taken back)')}\n`);
      [row, column] = [0, 0];
    },
  });
}

interface Progress {
  /**
   * What was done before the first update counts as done, and not towards the rate.
   *
   * @param extra what else there is to say so far, such as what it has cost
   */
  update(done: number, total: number, extra?: readonly string[]): void;
  /** Ends the bar. */
  stop(): void;
}

interface ProgressOptions {
  readonly label: string;
  readonly output: Output;
  readonly isSilent: boolean;
}

const LINE_EVERY_MS = 3_000;
const BAR_CELLS = 24;
/** A bar of less says nothing. */
const FEWEST_CELLS = 6;
const GAP = '  ';

/**
 * Progress of long work: on a terminal a bar that redraws itself, in a pipe a line every few seconds. Both say the same:
 * done of total, the rate, and the time left as far as the rate so far tells.
 */
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

interface ProgressFacts {
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
