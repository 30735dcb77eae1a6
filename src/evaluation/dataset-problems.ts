/**
 * What is wrong with a file of examples or of labels, all of it at once, up to a number: whoever mends a file wants the list, not the
 * first of it. Each problem names its line and what to do.
 */
import { SluiceError } from '../base/errors.ts';
import { DATASET_LIMITS } from '../model/dataset.ts';

export interface Problem {
  /** From 1; in CSV, the line on which the row begins. */
  readonly line: number;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

export type Complain = (code: string, message: string, remedy: string) => void;

/** Of those that were found, the ones an error's message shows. */
const SHOWN = 10;

export interface Problems {
  readonly found: readonly Problem[];
  /** Whether as many were found as are looked for. */
  readonly isFull: boolean;
  at(line: number): Complain;
}

export function createProblems(): Problems {
  const found: Problem[] = [];
  return {
    found,
    get isFull() {
      return found.length >= DATASET_LIMITS.problems;
    },
    at: (line) => (code, message, remedy) => {
      if (found.length < DATASET_LIMITS.problems) found.push(Object.freeze({ line, code, message, remedy }));
    },
  };
}

/** The error that a file with these problems is refused with. */
export function describeProblems(
  file: string,
  { found, isFull }: Problems,
  code: 'dataset_invalid' | 'labels_invalid',
): SluiceError {
  const shown = found.slice(0, SHOWN);
  const more = found.length - shown.length;
  const count = found.length === 1 ? '1 problem' : `${found.length} problems`;
  const remedies = [...new Set(shown.map(({ remedy }) => remedy))];
  return new SluiceError(code, {
    message: [
      `'${file}' has ${isFull ? 'at least ' : ''}${count}; nothing was imported`,
      ...shown.map(({ line, message }) => `line ${line}: ${message}`),
      ...(more > 0 ? [`and ${more} more: --json has them`] : []),
    ].join('\n'),
    remedy: remedies.join('\n'),
    data: { file, problems: found.map((problem) => ({ ...problem })) },
  });
}
