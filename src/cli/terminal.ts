/**
 * The one way out of the command line. What a program may want to read goes to stdout: the answer as text, or as JSON
 * with `--json`; everything else (progress, notes, errors) goes to stderr, so that a pipe never meets a progress bar.
 */
import picocolors from 'picocolors';
import { createLiveText, type LiveText } from './live-text.ts';
import { createProgress, type Progress } from './progress.ts';

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
