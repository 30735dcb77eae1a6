/** The matrix as text: a line per cell, and beneath it what is not as expected. */
import type { PlayedCell } from './play-cell.ts';

const HEADINGS = ['', 'step', 'fault', 'lasts', 'outcome', 'tries', 'time', 'calls', 'twice', 'told $', 'untold $'];
const WIDTHS = [2, 10, 12, 6, 9, 5, 7, 5, 5, 9, 9];

export const headings = (): string => `${line(HEADINGS)} what the caller is told`;

export function rowOf({ cell, seen, seconds, account, message, missed }: PlayedCell): string {
  const cells = [
    missed.length === 0 ? '✔' : '✖',
    ...[cell.place.id, cell.fault.id, cell.lasts, seen.outcome, String(seen.attempts), `${seconds.toFixed(1)} s`],
    ...[String(account.requests), String(account.paidTwice)],
    ...[account.toldUsd.toFixed(6), account.untoldUsd.toFixed(6)],
  ];
  const told = seen.code === null ? '' : `${seen.code}: ${message}`;
  return [`${line(cells)} ${told}`.trimEnd(), ...missed.map((each) => `     missed: ${each}`)].join('\n');
}

const line = (cells: readonly string[]): string => cells.map((cell, at) => cell.padEnd(WIDTHS[at]!)).join(' ');
