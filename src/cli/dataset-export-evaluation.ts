/**
 * `sluice dataset export --evaluation`: what a model can be tuned with, from an evaluation's answers: pairs of which one was
 * preferred, or those that scored well enough.
 */
import { SluiceError } from '../base/errors.ts';
import { count, showWhole } from '../base/format.ts';
import type { LeftOut, PreferredBy, Tuning, TuningInput } from '../evaluation/preferences.ts';
import type { Example } from '../model/dataset.ts';
import type { MetricSpec } from '../model/evaluation-spec.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { Store } from '../store/store.ts';
import { type NamedEvaluation, namedLines, resolveReference } from './eval-refs.ts';
import { findNamed } from './lookup.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { withStore } from './with-servers.ts';
import { writeOut } from './write-file.ts';

export interface EvaluationExportOptions {
  readonly format: string;
  readonly evaluation: string;
  readonly out?: string;
  readonly scorer?: string;
  readonly metric?: string;
  readonly minDifference?: number;
  readonly atLeast?: number;
  readonly tag?: string;
  readonly system?: string;
}

export async function exportEvaluation(session: Session, options: EvaluationExportOptions): Promise<ExitCode> {
  const { terminal } = session;
  const { format, out } = options;
  const { named, tuning } = await withStore(session, async ({ store }) => {
    const named = await resolveReference(store, options.evaluation);
    for (const line of namedLines([named])) terminal.note(line);
    return { named, tuning: await tuningOf(store, named, options) };
  });
  const { evaluationId } = named.row;
  const { lines, leftOut, text } = tuning;
  if (lines === 0) throw nothingToExport(evaluationId, tuning);
  if (out === undefined) terminal.print(text.replace(/\n$/, ''));
  else await writeOut(out, text);
  if (terminal.json) terminal.printJson({ evaluationId, format, out, lines, leftOut });
  else {
    const what = format === 'preference' ? count(lines, 'pair') : count(lines, 'chat');
    terminal.note(`${evaluationId}: ${what} of dev${out ? ` in ${out}` : ''}`);
  }
  for (const line of leftOutLines(tuning)) terminal.note(line);
  return EXIT.fine;
}

async function tuningOf(
  store: Store,
  { row, variant }: NamedEvaluation,
  options: EvaluationExportOptions,
): Promise<Tuning> {
  const [{ acceptedChats, preferencePairs }, { resultsWithLabels }] = await Promise.all([
    import('../evaluation/preferences.ts'),
    import('../evaluation/compare/load.ts'),
  ]);
  const input: TuningInput = {
    spec: row.spec,
    rows: resultsWithLabels(store, row),
    examples: await examplesOf(store, row, options.tag),
    system: options.system,
  };
  if (options.format === 'preference') return preferencePairs(input, preferredBy(row, options));
  const { metric, atLeast } = options;
  if (metric === undefined || atLeast === undefined || variant === undefined)
    throw usage(
      'openai-chat from an evaluation needs to know whose answers are good enough',
      '--evaluation ID:variant --metric METRIC --at-least X',
    );
  return acceptedChats(input, { variant, metric: metricNamed(row, metric), atLeast });
}

/** Of the evaluation those of dev, and with the tag. */
async function examplesOf(
  store: Store,
  { spec }: EvaluationRow,
  tag: string | undefined,
): Promise<ReadonlyMap<string, Example>> {
  const { examplesOfPart } = await import('../evaluation/compare/load.ts');
  const examples = new Map<string, Example>();
  for await (const example of examplesOfPart(store, spec.dataset))
    if (tag === undefined || example.tags?.includes(tag)) examples.set(example.id, example);
  return examples;
}

function preferredBy(row: EvaluationRow, { scorer, metric, minDifference }: EvaluationExportOptions): PreferredBy {
  if (scorer !== undefined && metric !== undefined)
    throw usage('both --scorer and --metric were given', 'give one of them');
  if (metric !== undefined) {
    if (minDifference === undefined)
      throw usage(
        '--metric alone does not say what is a preference',
        'say how far apart two answers are: --min-difference X',
      );
    return { metric: metricNamed(row, metric), minDifference };
  }
  const pairs = row.spec.scorers.filter(({ kind }) => kind === 'pair').map(({ id }) => id);
  if (scorer === undefined && pairs.length !== 1)
    throw usage(
      `${row.evaluationId} has ${pairs.length === 0 ? 'no scorer of pairs' : `several: ${pairs.join(', ')}`}`,
      pairs.length === 0 ? 'take a metric instead: --metric METRIC --min-difference X' : 'name one: --scorer ID',
    );
  return {
    scorer: findNamed({
      kind: 'scorer',
      name: scorer ?? pairs[0]!,
      among: pairs,
      nameOf: (id) => id,
      whenNone: `${row.evaluationId} has no scorer of pairs; take a metric: --metric METRIC --min-difference X`,
    }),
  };
}

const metricNamed = ({ spec, evaluationId }: EvaluationRow, name: string): MetricSpec =>
  findNamed({
    kind: 'metric',
    name,
    among: spec.metrics,
    nameOf: (metric) => metric.name,
    whenNone: `${evaluationId} has no metrics`,
  });

const WORDS: { readonly [why in LeftOut]: string } = {
  final: 'of final examples, or without the tag',
  undecided: 'not good enough, or without a clear preference',
  no_text: 'without a text on both sides',
  no_question: 'of inputs without a question',
  alike: 'alike, or there already',
  enough: 'beyond the first pairs of one question',
};

export function leftOutLines({ leftOut }: Pick<Tuning, 'leftOut'>): readonly string[] {
  const parts = Object.entries(leftOut).map(([why, number]) => `${showWhole(number)} ${WORDS[why as LeftOut]}`);
  return parts.length === 0 ? [] : [`left out: ${parts.join('; ')}`];
}

const nothingToExport = (evaluationId: string, tuning: Tuning): SluiceError =>
  new SluiceError('nothing_to_export', {
    message: `${evaluationId} gives nothing to tune with`,
    remedy: leftOutLines(tuning)[0] ?? `it has no answers: sluice eval status ${evaluationId}`,
    data: { evaluationId, ...tuning.leftOut },
  });

const usage = (message: string, remedy: string): SluiceError => new SluiceError('usage', { message, remedy });
