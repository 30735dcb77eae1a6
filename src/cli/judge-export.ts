/** `sluice judge export`: a random sample of what a scorer has scored, as a file for people to fill in. */
import { type Command, Option } from 'commander';
import { SluiceError } from '../errors.ts';
import type { ShownSubject } from '../evaluation/calibration/label-export.ts';
import { describeField, fieldsOfSpec, type LabelFields } from '../evaluation/calibration/label-fields.ts';
import { CALIBRATION_LIMITS } from '../evaluation/calibration/limits.ts';
import { loadRatings } from '../evaluation/calibration/load-labels.ts';
import { WINNERS } from '../evaluation/calibration/pair-order.ts';
import { type Asked, createPopulation, drawSample } from '../evaluation/calibration/sample.ts';
import { examplesOfPart } from '../evaluation/compare/load.ts';
import { FILE_FORMATS, type FileFormat, formatOf } from '../evaluation/dataset-file.ts';
import type { ScorerSpec } from '../evaluation/spec.ts';
import { randomFrom } from '../stats/random.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { Store } from '../store/store.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { findJudged, findScorer, labelFields } from './judge-scorers.ts';
import { positiveInteger } from './options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { count } from './text.ts';
import { withStore } from './with-servers.ts';
import { writeOut } from './write-file.ts';

interface ExportOptions {
  readonly scorer: string;
  readonly sample: number;
  readonly seed: number;
  readonly format?: FileFormat;
  readonly out?: string;
  readonly unlabelled?: boolean;
  readonly showVerdicts?: boolean;
}

const LARGEST_SEED = 2_147_483_647;
/** Examples whose rows are read at a time. */
const PAGE = 100;

export function exportCommand(world: World): Command {
  return readingCommand('export', {
    summary: 'write a random sample of what a scorer has scored, for people to label',
    examples: [
      ['judge export before-release --scorer judged --out labels.csv', 'for a spreadsheet; its verdicts are not shown'],
      ['judge export before-release --scorer judged --unlabelled --out more.jsonl', 'only what nobody has labelled'],
    ],
  })
    .argument('<evaluation>', 'its id, the beginning of it, or the name of its definition')
    .requiredOption('--scorer <id>', 'whose scores are labelled')
    .option(
      '--sample <number>',
      'answers at least: examples are drawn whole, with the answers of all variants',
      positiveInteger(CALIBRATION_LIMITS.largestSample),
      CALIBRATION_LIMITS.sample,
    )
    .option('--seed <number>', 'another one draws others', positiveInteger(LARGEST_SEED), 1)
    .addOption(new Option('--format <format>', 'default: by the name of the file, or csv').choices([...FILE_FORMATS]))
    .option('--out <file>', 'the file to write; default: standard output')
    .option('--unlabelled', 'only what nobody has labelled yet')
    .option('--show-verdicts', 'show what the scorer says: whoever reads it first tends to agree')
    .action((evaluation: string, options: ExportOptions, command: Command) =>
      runAction(world, command, (session) => exportSample(session, evaluation, options)),
    );
}

async function exportSample(session: Session, reference: string, options: ExportOptions): Promise<ExitCode> {
  const { terminal } = session;
  const { out, sample, seed } = options;
  if (terminal.json && out === undefined)
    throw new SluiceError('usage', {
      message: '--json says what was written to a file',
      remedy: 'name the file: --out FILE',
    });
  const format = options.format ?? (out === undefined ? 'csv' : formatOf(out));
  const found = await withStore(session, async ({ store }) => {
    const evaluation = await findJudged(store, reference);
    const scorer = findScorer(evaluation, options.scorer);
    const { population, open } = await subjectsOf(store, evaluation, scorer, options.unlabelled ?? false);
    if (open.length === 0) throw nothingToLabel(evaluation, scorer, population);
    const drawn = drawSample(open, sample, seed);
    const fields = (await labelFields(session, store)).get(scorer.id) ?? fieldsOfSpec(scorer);
    return {
      evaluation,
      scorer,
      fields,
      population,
      subjects: await readSubjects(store, evaluation, scorer, drawn, seed),
    };
  });
  const { evaluation, scorer, fields, subjects, population } = found;
  const { toLabelCsv, toLabelLines } = await import('../evaluation/calibration/label-export.ts');
  const settings = { scorer: scorer.id, fields: [...fields.keys()], showsVerdicts: options.showVerdicts ?? false };
  const text = format === 'csv' ? toLabelCsv(subjects, settings) : toLabelLines(subjects, settings);
  if (out === undefined) terminal.print(text.replace(/\n$/, ''));
  else await writeOut(out, text);
  const { evaluationId } = evaluation;
  if (terminal.json)
    terminal.printJson({ evaluationId, scorer: scorer.id, format, out, seed, subjects: subjects.length, population });
  else {
    const where = out === undefined ? '' : ` in ${out}`;
    terminal.note(
      `${count(subjects.length, 'answer')} of ${population} that '${scorer.id}' has in ${evaluationId}${where}`,
    );
    for (const line of toFillIn(scorer, fields)) terminal.note(line);
    if (out !== undefined) terminal.note(`when it is filled in: sluice judge import ${out} --rater NAME`);
  }
  return EXIT.fine;
}

async function subjectsOf(
  store: Pick<Store, 'evaluations'>,
  { evaluationId }: EvaluationRow,
  scorer: ScorerSpec,
  unlabelled: boolean,
): Promise<{ readonly population: number; readonly open: readonly Asked[] }> {
  const population = createPopulation(scorer.id);
  for await (const row of store.evaluations.eachResult(evaluationId, { scoresOnly: true })) population.add(row);
  const all = [...population.subjects.values()];
  const known = unlabelled ? (await loadRatings(store, [scorer])).get(scorer.id) : undefined;
  return { population: all.length, open: all.filter(({ subject }) => known?.has(subject) !== true) };
}

/** What there is to read about each, in the order drawn. */
async function readSubjects(
  store: Pick<Store, 'evaluations' | 'datasets'>,
  { evaluationId, spec }: EvaluationRow,
  { kind }: ScorerSpec,
  drawn: readonly Asked[],
  seed: number,
): Promise<readonly ShownSubject[]> {
  const wanted = new Set(drawn.map(({ exampleId }) => exampleId));
  const examples = new Map<string, ShownSubject['example']>();
  for await (const example of examplesOfPart(store, spec.dataset))
    if (wanted.has(example.id)) examples.set(example.id, example);
  const rows = new Map<string, ShownSubject['row']>();
  const keyOf = (asked: Pick<Asked, 'exampleId' | 'variant' | 'repeat'>): string =>
    JSON.stringify([asked.exampleId, asked.variant, asked.repeat]);
  const ids = [...wanted];
  for (let from = 0; from < ids.length; from += PAGE)
    for (const row of await store.evaluations.results(evaluationId, ids.slice(from, from + PAGE)))
      rows.set(keyOf(row), row);
  const random = randomFrom(seed);
  return drawn.map((asked) => {
    const baseline = rows.get(keyOf({ ...asked, variant: 0 }));
    const pair = kind === 'pair' && baseline !== undefined ? { baseline, isSwapped: random.index(2) === 1 } : null;
    return { subject: asked.subject, example: examples.get(asked.exampleId)!, row: rows.get(keyOf(asked))!, pair };
  });
}

function toFillIn({ kind }: ScorerSpec, fields: LabelFields): string[] {
  if (kind === 'pair') return [`to fill in: rater; winner (${WINNERS.join(', ')}); note`];
  const named = [...fields.values()].map((field) => `${field.name} (${describeField(field)})`);
  return [`to fill in: rater; ${named.join('; ')}; note`];
}

function nothingToLabel({ evaluationId }: EvaluationRow, { id }: ScorerSpec, population: number): SluiceError {
  return new SluiceError('nothing_to_export', {
    message:
      population === 0
        ? `'${id}' has scored nothing in ${evaluationId}`
        : `all ${count(population, 'answer')} that '${id}' has in ${evaluationId} have labels`,
    remedy: population === 0 ? `see how it stands: sluice eval status ${evaluationId}` : 'leave out --unlabelled',
    data: { evaluationId, scorer: id, population },
  });
}
