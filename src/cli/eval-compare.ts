/** `sluice eval compare`: what differs between variants, of one evaluation or of several, and whether it may pass. */
import type { Command } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count } from '../base/format.ts';
import type { CompareInput } from '../evaluation/compare/compare.ts';
import type { ComparisonReport } from '../evaluation/compare/comparison-report.ts';
import type { ComparedExample, ExampleMetric } from '../evaluation/compare/examples.ts';
import type { ComparisonGate } from '../evaluation/compare/gate.ts';
import { sidesOf } from '../evaluation/compare/sides.ts';
import { showDifference, showValue } from '../evaluation/report/values.ts';
import type { Store } from '../store/store.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { showComparison, shownMetrics } from './eval-comparison.ts';
import { type NamedEvaluation, namedLines, resolveReference, withDefinition } from './eval-refs.ts';
import { findNamed } from './lookup.ts';
import { positiveInteger } from './options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';
import { withStore } from './with-servers.ts';

interface CompareOptions {
  readonly gate?: boolean;
  readonly metric?: string;
  readonly worse?: boolean;
  readonly better?: boolean;
  readonly limit: number;
  readonly slices?: boolean;
  readonly all?: boolean;
}

interface Compared {
  readonly report: ComparisonReport;
  readonly gate: ComparisonGate;
  readonly examples: ExamplesView | null;
}

const MOST_EXAMPLES = 100_000;

export function compareCommand(world: World): Command {
  return readingCommand('compare', {
    summary: 'compare the variants of an evaluation, or of several',
    examples: [
      ['eval compare retrieval', 'the latest of this definition: its variants against its baseline'],
      ['eval compare retrieval-1f2e:hybrid retrieval-77aa:hybrid', 'across evaluations; the first is the baseline'],
      ['eval compare retrieval --gate', 'exit code 0 passed, 3 failed, 4 inconclusive, 5 tampered'],
      ['eval compare retrieval --worse --metric mrr-10', 'the examples that got worse, the worst first'],
    ],
  })
    .argument('<evaluations...>', 'ID, ID:variant, or a definition’s name; the baseline first')
    .option('--gate', 'say whether it may pass, and end with the exit code for that')
    .option('--metric <metric>', 'only this one; with --worse or --better what they are sorted by')
    .option('--worse', 'the examples that got worse most')
    .option('--better', 'the examples that got better most')
    .option('--limit <number>', 'how many of them', positiveInteger(MOST_EXAMPLES), 10)
    .option('--slices', 'by tag, too; exploratory')
    .option('--all', 'also the metrics that decide nothing')
    .action((references: string[], options: CompareOptions, command: Command) =>
      runAction(world, command, (session) => compare(session, references, options)),
    );
}

async function compare(session: Session, references: readonly string[], options: CompareOptions): Promise<ExitCode> {
  const { terminal } = session;
  if (options.worse && options.better)
    throw new SluiceError('usage', { message: '--worse and --better were both given', remedy: 'give one of them' });
  const { report, gate, examples } = await withStore(session, async ({ store }): Promise<Compared> => {
    const named = await Promise.all(references.map((reference) => resolveReference(store, reference)));
    for (const line of namedLines(named)) terminal.note(line);
    return compared(session, store, named, options);
  });
  const exit = options.gate ? gate.exitCode : EXIT.fine;
  if (terminal.json) terminal.printJson({ ...report, gate, ...(examples && { examples }) });
  else if (examples !== null) showExamples(terminal, examples, report);
  else {
    showComparison(terminal, report, options, options.gate ? gate.sentences : report.headline);
    const left = report.metrics.length - shownMetrics(report, options.all).length;
    if (left > 0) terminal.note(`${count(left, 'more metric')} that decide nothing: --all`);
  }
  if (options.gate) for (const line of exploratoryLines(report)) terminal.note(line);
  if (options.gate && examples !== null) for (const sentence of gate.sentences) terminal.note(sentence);
  return exit;
}

async function compared(
  session: Session,
  store: Store,
  named: readonly NamedEvaluation[],
  options: CompareOptions,
): Promise<Compared> {
  const [{ loadComparison }, { compareEvaluations }, { gateOf }] = await Promise.all([
    import('../evaluation/compare/load.ts'),
    import('../evaluation/compare/compare.ts'),
    import('../evaluation/compare/gate.ts'),
  ]);
  const loaded = await loadComparison(store, sidesOf(named));
  const whole = await withDefinition(session, store, compareEvaluations(loaded), { mustCheck: options.gate ?? false });
  const report = options.metric === undefined ? whole : narrowed(whole, options.metric);
  const examples = options.worse || options.better ? await examplesOf(store, loaded, report, options) : null;
  return { report, gate: gateOf(whole), examples };
}

/** The gate is of all that was declared; what is shown may be one metric. @throws SluiceError `metric_unknown` */
function narrowed(report: ComparisonReport, name: string): ComparisonReport {
  const metric = findNamed({
    kind: 'metric',
    name,
    among: report.metrics,
    nameOf: (each) => each.name,
    whenNone: 'the evaluation has no metrics',
  });
  return { ...report, metrics: [metric], slices: report.slices.filter((slice) => slice.metric === metric.name) };
}

function examplesOf(
  store: Store,
  loaded: CompareInput,
  report: ComparisonReport,
  { better, metric, limit }: CompareOptions,
): Promise<ExamplesView> {
  const direction = better ? 'better' : 'worse';
  const name = metric === undefined ? undefined : report.metrics[0]!.name;
  return readExamples(store, { loaded, report, direction, metric: name, limit });
}

/** Who chooses examples or repeats after a look may get any verdict. */
const exploratoryLines = ({ registrations }: ComparisonReport): readonly string[] =>
  registrations
    .filter(({ state }) => state === 'unregistered')
    .map(({ evaluationId }) => `${evaluationId} is exploratory: nothing was declared for it beforehand`);

interface ExamplesRequest {
  readonly loaded: CompareInput;
  readonly report: ComparisonReport;
  readonly direction: 'worse' | 'better';
  /** Undefined: the first primary. */
  readonly metric: string | undefined;
  /** Of each side. */
  readonly limit: number;
}

interface ExamplesView {
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

/** The examples behind a comparison that got worse, or better: each with its question, both values, and how to open it. */
async function readExamples(store: Pick<Store, 'datasets'>, request: ExamplesRequest): Promise<ExamplesView> {
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

function showExamples(terminal: Terminal, { metric, direction, sides }: ExamplesView, report: ComparisonReport): void {
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
