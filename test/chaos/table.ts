/** The chaos table as text: a heading per row, a line per figure, and what was missed by how much. */
import type { Outcome } from './play.ts';

const WIDTHS = { what: 52, measured: 12, required: 14 } as const;

export function tableOf({ id, title, figures, error, met, seconds }: Outcome): string {
  const heading = `${met ? 'ok    ' : 'MISSED'} ${id.padEnd(3)} ${title} (${seconds.toFixed(1)} s)`;
  const lines = figures.map(({ what, measured, required = '', missedBy }) => {
    const cells = [
      what.padEnd(WIDTHS.what),
      measured.padStart(WIDTHS.measured),
      ` ${required}`.padEnd(WIDTHS.required),
      missedBy === undefined ? '' : `missed by ${missedBy}`,
    ];
    return `           ${cells.join(' ').trimEnd()}`;
  });
  return [
    heading,
    ...lines,
    ...(error === undefined ? [] : [`           ${error.replaceAll('\n', '\n           ')}`]),
  ].join('\n');
}
