/**
 * Loads evaluations for comparisons, with the labels that people have given since. Rows are streamed and only their
 * numbers stay, so that thousands of runs need little memory.
 */

import type { Example } from '../../model/dataset.ts';
import type { ResultRow } from '../../model/evaluation-result.ts';
import { type DatasetPart, isJudge, scorerIdentity } from '../../model/evaluation-spec.ts';
import { hashJson } from '../../plan/id.ts';
import type { DatasetMember } from '../../store/datasets.ts';
import type { EvaluationRow } from '../../store/evaluations.ts';
import type { Store } from '../../store/store.ts';
import { labelsFor } from '../calibration/for-comparison.ts';
import {
  createLabelled,
  type Judgement,
  type Labelled,
  labelFiller,
  loadElsewhere,
  loadRatings,
  type Ratings,
} from '../calibration/labelled.ts';
import type { CompareInput } from './compare.ts';
import type { EvaluationFacts, ExampleInfo, SideRef } from './comparison-report.ts';
import { createScoreMatrix, type ScoreMatrix } from './score-matrix.ts';

export type EvaluationStore = Pick<Store, 'evaluations' | 'datasets'>;

/** Given a dataset part, returns a function that is called for each example as it is read. */
export type SeeExamples = (part: DatasetPart) => (example: Example) => void;

const SEE_NONE: SeeExamples = () => () => undefined;

/**
 * What these sides come to, and that they were compared: looking at the same two again is not another comparison.
 *
 * @param sides the baseline first
 * @throws SluiceError `evaluation_unknown`; those of `placeSide`
 */
export async function loadComparison(
  store: EvaluationStore,
  sides: readonly SideRef[],
  see: SeeExamples = SEE_NONE,
): Promise<CompareInput> {
  const loaded = await load(
    store,
    sides.map(({ evaluationId }) => evaluationId),
    see,
  );
  const matrices = loaded.map(({ matrix }) => matrix);
  const labelled = loaded.map((one) => one.labelled);
  const baseline = labelled[0];
  const elsewhere = baseline === undefined ? {} : await judgedElsewhere(store, baseline);
  // Before it is counted: what is no comparison is refused here.
  const labels = labelsFor({ matrices, sides, labelled, elsewhere });
  const facts = matrices.map((matrix) => matrix.facts);
  const [comparisons, hasFinal] = await Promise.all([
    countComparisons(store, facts, sides),
    hasUnusedFinal(store, facts[0]?.spec.dataset),
  ]);
  return { matrices, sides, comparisons, hasFinal, ...labels };
}

const hasUnusedFinal = async ({ datasets }: EvaluationStore, part: DatasetPart | undefined): Promise<boolean> =>
  part?.split === 'dev' && (await datasets.countExamples(part.version, { split: 'final' })) > 0;

/** Of each evaluation once, in the order in which they are named. @throws SluiceError `evaluation_unknown` */
export async function loadScoreMatrices(
  store: EvaluationStore,
  evaluationIds: readonly string[],
): Promise<readonly ScoreMatrix[]> {
  return (await load(store, evaluationIds, SEE_NONE)).map(({ matrix }) => matrix);
}

interface Loaded {
  readonly matrix: ScoreMatrix;
  readonly labelled: Labelled;
}

async function load(
  store: EvaluationStore,
  evaluationIds: readonly string[],
  see: SeeExamples,
): Promise<readonly Loaded[]> {
  const rows = await Promise.all([...new Set(evaluationIds)].map((id) => store.evaluations.get(id)));
  const ratings = new Map<string, Promise<Ratings>>();
  const ratingsOf = ({ spec }: EvaluationRow): Promise<Ratings> => {
    const key = JSON.stringify(spec.scorers.map((scorer) => scorerIdentity(spec, scorer)));
    const known = ratings.get(key) ?? loadRatings(store, spec);
    ratings.set(key, known);
    return known;
  };
  const known = new Map<string, readonly ExampleInfo[]>();
  const loaded: Loaded[] = [];
  for (const row of rows) {
    const { dataset } = row.spec;
    const key = JSON.stringify(dataset);
    const examples = known.get(key) ?? (await readExamples(store, dataset, see(dataset)));
    known.set(key, examples);
    loaded.push(await loadOne(store, row, examples, await ratingsOf(row)));
  }
  return loaded;
}

async function loadOne(
  { evaluations }: EvaluationStore,
  { evaluationId, name, spec, pins, state }: EvaluationRow,
  examples: readonly ExampleInfo[],
  ratings: Ratings,
): Promise<Loaded> {
  const locked = (await evaluations.registration(spec.name))?.content ?? null;
  const facts: EvaluationFacts = { evaluationId, name, spec, pins, state, examples, locked };
  const [matrix, labelled] = [createScoreMatrix(facts), createLabelled(facts, ratings)];
  const fill = labelFiller(spec, ratings);
  for await (const result of evaluations.eachResult(evaluationId, { scoresOnly: true })) {
    matrix.add(fill(result));
    labelled.add(result);
  }
  return { matrix, labelled };
}

/** All rows of an evaluation with their outputs and labels, by example, variant and repeat. */
export async function* resultsWithLabels(
  store: EvaluationStore,
  { evaluationId, spec }: Pick<EvaluationRow, 'evaluationId' | 'spec'>,
): AsyncGenerator<ResultRow> {
  const fill = labelFiller(spec, await loadRatings(store, spec));
  for await (const row of store.evaluations.eachResult(evaluationId)) yield fill(row);
}

/** By scorer: scores by the same version of a judge, in other evaluations, of subjects that people have labelled. */
async function judgedElsewhere(store: EvaluationStore, labelled: Labelled) {
  const judged: { [scorer: string]: readonly Judgement[] } = {};
  const judges = labelled.facts.spec.scorers.filter(isJudge);
  for (const { id } of judges) judged[id] = await loadElsewhere(store, labelled, id);
  return judged;
}

async function readExamples(
  store: EvaluationStore,
  part: DatasetPart,
  see: ReturnType<SeeExamples>,
): Promise<readonly ExampleInfo[]> {
  const infos: ExampleInfo[] = [];
  for await (const { example, hash } of membersOfPart(store, part)) {
    const { id, cluster = null, tags = [] } = example;
    infos.push({ id, hash, cluster, tags });
    see(example);
  }
  return infos;
}

/** The examples that an evaluation of this part runs on, in their order. */
export async function* examplesOfPart(store: Pick<Store, 'datasets'>, part: DatasetPart): AsyncGenerator<Example> {
  for await (const { example } of membersOfPart(store, part)) yield example;
}

async function* membersOfPart(
  { datasets }: Pick<Store, 'datasets'>,
  { version, split, tag, examples }: DatasetPart,
): AsyncGenerator<DatasetMember> {
  let left = examples;
  for await (const member of datasets.eachMember(version, { split: split ?? undefined, tag: tag ?? undefined })) {
    if (left === 0) return;
    left -= 1;
    yield member;
  }
}

/** How many there have been on the baseline's examples. An A/A is none: it decides between nothing. */
export async function countComparisons(
  { evaluations }: Pick<Store, 'evaluations'>,
  all: readonly Identified[],
  [baseline, ...others]: readonly SideRef[],
): Promise<number> {
  const factsOf = ({ evaluationId }: SideRef) => all.find((facts) => facts.evaluationId === evaluationId)!;
  if (baseline === undefined) return 0;
  const pairs = others
    .filter((side) => factsOf(side).spec.mode !== 'aa')
    .map((side) => hashJson([identityOf(factsOf(baseline), baseline), identityOf(factsOf(side), side)]));
  if (pairs.length === 0) return 0;
  const { version } = factsOf(baseline).spec.dataset;
  return evaluations.countComparisons(version, pairs);
}

type Identified = Pick<EvaluationFacts, 'evaluationId' | 'spec' | 'pins'>;

/** What was run on which documents: the same once more, in another evaluation, is no other side. */
const identityOf = ({ spec, pins }: Identified, { variant }: SideRef) => ({
  planId: spec.variants[variant]?.planId ?? '',
  snapshots: pins?.snapshots ?? {},
});
