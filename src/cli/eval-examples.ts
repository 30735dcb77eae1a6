/** The examples behind a comparison that got worse, or better: each with its question, both values, and how to open it. */
import type { CompareInput } from '../evaluation/compare/compare.ts';
import type { ComparisonReport } from '../evaluation/compare/comparison-report.ts';
import type { ComparedExample, ExampleMetric } from '../evaluation/compare/examples.ts';
import { showDifference, showValue } from '../evaluation/report/values.ts';
import type { Store } from '../store/store.ts';
import { tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';
import { count } from './text.ts';

export interface ExamplesRequest {
  readonly loaded: CompareInput;
  readonly report: ComparisonReport;
  readonly direction: 'worse' | 'better';
  /** Undefined: the first primary. */
  readonly metric: string | undefined;
  /** Of each side. */
  readonly limit: number;
}

export interface ExamplesView {
  readonly metric: string;
  readonly direction: 'worse' | 'better';
  readonly sides: readonly SideExamples[];
}

interface SideExamples {
  readonly label: string;
  readonly evaluationId: string;
  /** How many went that way in all. */
  readonly total: number;
  readonly examples: readonly (ComparedExample & { readonly question: string })[];
}

export async function readExamples(store: Pick<Store, 'datasets'>, request: ExamplesRequest): Promise<ExamplesView> {
  const { loaded, report, direction, limit } = request;
  const metric = request.metric ?? firstMetric(report);
  const sides = await Promise.all(
    report.sides.slice(1).map(async (side, index): Promise<SideExamples> => {
      const all = await changedExamples(loaded, index + 1, metric, direction);
      const { version } = report.sides[0]!.dataset;
      const examples = await Promise.all(
        all
          .slice(0, limit)
          .map(async (example) => ({ ...example, question: await questionOf(store, version, example) })),
      );
      return { label: side.label, evaluationId: side.evaluationId, total: all.length, examples };
    }),
  );
  return { metric, direction, sides };
}

/** The first primary; the first metric where none is declared. */
const firstMetric = ({ metrics }: ComparisonReport): string =>
  (metrics.find(({ role }) => role === 'primary') ?? metrics[0])?.name ?? '';

async function changedExamples(
  { matrices, sides }: CompareInput,
  place: number,
  metric: string,
  direction: 'worse' | 'better',
): Promise<readonly ComparedExample[]> {
  const { comparedExamples } = await import('../evaluation/compare/examples.ts');
  const all = [...comparedExamples({ matrices, baseline: sides[0]!, side: sides[place]!, metric })];
  const changed = all.filter(({ regression }) => regression !== null && regression !== 0);
  if (direction === 'worse') return changed.filter(({ regression }) => regression! > 0);
  return changed.filter(({ regression }) => regression! < 0).toReversed();
}

async function questionOf(
  { datasets }: Pick<Store, 'datasets'>,
  version: string,
  { exampleId }: ComparedExample,
): Promise<string> {
  const { questionOf: shown } = await import('../evaluation/report/outputs.ts');
  const [example] = await datasets.examples(version, { id: exampleId });
  return example === undefined ? '' : shown(example.input);
}

export function showExamples(
  terminal: Terminal,
  { metric, direction, sides }: ExamplesView,
  report: ComparisonReport,
): void {
  const { format } = report.metrics.find(({ name }) => name === metric)!;
  for (const [index, { label, evaluationId, total, examples }] of sides.entries()) {
    if (index > 0) terminal.print();
    terminal.print(`${label}: ${count(total, 'example')} ${direction} on ${metric}`);
    if (examples.length === 0) continue;
    const of = ({ metrics }: ComparedExample): ExampleMetric => metrics.find((each) => each.metric === metric)!;
    for (const line of tableLines(
      examples,
      [
        { heading: '  example', cell: ({ exampleId }) => `  ${exampleId}` },
        { heading: 'from', cell: (example) => showValue(of(example).baseline.value, format), align: 'right' },
        { heading: 'to', cell: (example) => showValue(of(example).variant.value, format), align: 'right' },
        { heading: '', cell: (example) => showDifference(of(example).difference, format), align: 'right' },
        { heading: 'question', cell: ({ question }) => question, isFlexible: true },
      ],
      terminal.room,
    ))
      terminal.print(line);
    terminal.print(`  open one: sluice eval show ${evaluationId} ${examples[0]!.exampleId}`);
  }
}
