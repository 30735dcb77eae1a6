/** What an experiment was asked, how many units met each arm, and whether they came as planned: the rest of its screen. */

import type { ExperimentStatus } from '../client/experiment-status.ts';
import { percent } from '../experiment/report-text.ts';
import { isLive } from '../model/experiment-spec.ts';
import { tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';
import { wrap } from './text.ts';

export async function showDetails(terminal: Terminal, { row, look, rolloutLook }: ExperimentStatus): Promise<void> {
  const [{ lookReport }, { askedFacts }, { arrivalStatusText, exposureRatesText, ratioText }] = await Promise.all([
    import('../experiment/look-report.ts'),
    import('../experiment/brief-words.ts'),
    import('../experiment/brief-words.ts'),
  ]);
  const { room, width } = terminal;
  const report = lookReport(row, look, rolloutLook);
  const print = (lines: readonly string[]): void => {
    terminal.print();
    for (const line of lines) terminal.print(line);
  };
  print(
    tableLines(
      askedFacts(report, isLive(row)),
      [
        { heading: 'asked', cell: ([name]) => name.toLowerCase() },
        { heading: ' ', cell: ([, text]) => text, isFlexible: true },
      ],
      room,
    ),
  );
  print(
    tableLines(report.funnel, [
      { heading: 'arm', cell: ({ arm, isServed }) => (isServed ? arm : `${arm} (stopped)`) },
      { heading: 'planned', cell: ({ weight }) => percent(weight), align: 'right' },
      { heading: 'assigned', cell: ({ assigned }) => assigned ?? '–', align: 'right' },
      { heading: 'exposed', cell: ({ exposed }) => exposed, align: 'right' },
      { heading: 'matured', cell: ({ matured }) => matured, align: 'right' },
      { heading: 'with value', cell: ({ recorded }) => recorded, align: 'right' },
    ]),
  );
  if (report.arrivals.length > 0)
    print(
      tableLines(report.arrivals, [
        { heading: 'events of', cell: ({ metric }) => metric },
        { heading: 'arm', cell: ({ arm }) => arm },
        { heading: 'matured', cell: ({ matured }) => matured, align: 'right' },
        { heading: 'without an event', cell: ({ silent }) => silent, align: 'right' },
        { heading: 'in time', cell: ({ events }) => events, align: 'right' },
        { heading: 'late', cell: ({ late }) => late, align: 'right' },
        { heading: ' ', cell: arrivalStatusText },
      ]),
    );
  const { rows } = report.ratio;
  print(wrap([ratioText(report), exposureRatesText(report)].filter(Boolean).join(' '), width, ''));
  if (rows.length === 0) return;
  const of = (numbers: readonly number[], arms: readonly string[]): string =>
    numbers.map((number, arm) => `${arms[arm]} ${number.toLocaleString('en')}`).join(', ');
  for (const line of tableLines(
    rows,
    [
      { heading: 'of units', cell: (ratio) => ratio.of },
      { heading: 'planned', cell: ({ weights }) => weights.map(percent).join(' · ') },
      { heading: 'came', cell: ({ counts, arms }) => of(counts, arms), isFlexible: true },
      { heading: 'p', cell: ({ p }) => p.toPrecision(2), align: 'right' },
    ],
    room,
  ))
    terminal.print(line);
}
