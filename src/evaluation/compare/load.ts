/**
 * Evaluations from the store, as comparisons take them, with what people have said of them since. Rows pass by one at a time
 * and only their numbers stay, so that an evaluation of many thousands of runs takes little room.
 */
import { hashJson } from '../../plan/id.ts';
import type { EvaluationRow } from '../../store/evaluations.ts';
import type { Store } from '../../store/store.ts';
import { labelsFor } from '../calibration/for-comparison.ts';
import { isJudge } from '../calibration/judges.ts';
import { createLabelled, type Judgement, type Labelled } from '../calibration/labelled.ts';
import { loadElsewhere, loadRatings } from '../calibration/load-labels.ts';
import type { Ratings } from '../calibration/ratings.ts';
import { labelFiller } from '../calibration/with-labels.ts';
import { type Example, memberOf } from '../dataset.ts';
import type { ResultRow } from '../result.ts';
import type { DatasetPart } from '../spec.ts';
import type { CompareInput } from './compare.ts';
import type { EvaluationFacts, ExampleInfo, SideRef } from './input.ts';
import { createSheet, type Sheet } from './sheet.ts';

export type EvaluationStore = Pick<Store, 'evaluations' | 'datasets'>;

/**
 * What these sides come to, and that they were compared: looking at the same two again is not another comparison.
 *
 * @param sides the baseline first
 * @throws SluiceError `evaluation_unknown`; those of `placeSide`
 */
export async function loadComparison(store: EvaluationStore, sides: readonly SideRef[]): Promise<CompareInput> {
  const loaded = await load(
    store,
    sides.map(({ evaluationId }) => evaluationId),
  );
  const sheets = loaded.map(({ sheet }) => sheet);
  const labelled = loaded.map((one) => one.labelled);
  const baseline = labelled[0];
  const elsewhere = baseline === undefined ? {} : await judgedElsewhere(store, baseline);
  // Before it is counted: what is no comparison is refused here.
  const labels = labelsFor({ sheets, sides, labelled, elsewhere });
  return { sheets, sides, comparisons: await countComparisons(store, sheets, sides), ...labels };
}

/** Of each evaluation once, in the order in which they are named. @throws SluiceError `evaluation_unknown` */
export async function loadSheets(store: EvaluationStore, evaluationIds: readonly string[]): Promise<readonly Sheet[]> {
  return (await load(store, evaluationIds)).map(({ sheet }) => sheet);
}

interface Loaded {
  readonly sheet: Sheet;
  readonly labelled: Labelled;
}

async function load(store: EvaluationStore, evaluationIds: readonly string[]): Promise<readonly Loaded[]> {
  const rows = await Promise.all([...new Set(evaluationIds)].map((id) => store.evaluations.get(id)));
  const ratings = await loadRatings(
    store,
    rows.flatMap(({ spec }) => spec.scorers),
  );
  const known = new Map<string, readonly ExampleInfo[]>();
  const loaded: Loaded[] = [];
  for (const row of rows) {
    const { dataset } = row.spec;
    const key = JSON.stringify(dataset);
    const examples = known.get(key) ?? (await readExamples(store, dataset));
    known.set(key, examples);
    loaded.push(await loadOne(store, row, examples, ratings));
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
  const [sheet, labelled] = [createSheet(facts), createLabelled(facts, ratings)];
  const fill = labelFiller(spec, ratings);
  for await (const result of evaluations.eachResult(evaluationId, { scoresOnly: true })) {
    sheet.add(fill(result));
    labelled.add(result);
  }
  return { sheet, labelled };
}

/** All rows of an evaluation with their outputs, by example, variant and repeat, and with what people have said since. */
export async function* resultsWithLabels(
  store: EvaluationStore,
  { evaluationId, spec }: Pick<EvaluationRow, 'evaluationId' | 'spec'>,
): AsyncGenerator<ResultRow> {
  const fill = labelFiller(spec, await loadRatings(store, spec.scorers));
  for await (const row of store.evaluations.eachResult(evaluationId)) yield fill(row);
}

/** By scorer: what the same version of a judge has said in other evaluations of what people have spoken of. */
async function judgedElsewhere(store: EvaluationStore, labelled: Labelled) {
  const judged: { [scorer: string]: readonly Judgement[] } = {};
  const judges = labelled.facts.spec.scorers.filter(isJudge);
  for (const { id } of judges) judged[id] = await loadElsewhere(store, labelled, id);
  return judged;
}

async function readExamples(store: EvaluationStore, part: DatasetPart): Promise<readonly ExampleInfo[]> {
  const infos: ExampleInfo[] = [];
  for await (const example of examplesOfPart(store, part)) {
    const { id, hash } = memberOf(example);
    infos.push({ id, hash, cluster: example.cluster ?? null, tags: example.tags ?? [] });
  }
  return infos;
}

/** The examples that an evaluation of this part runs on, in their order. */
export async function* examplesOfPart(
  { datasets }: Pick<Store, 'datasets'>,
  { version, split, tag, examples }: DatasetPart,
): AsyncGenerator<Example> {
  let left = examples;
  for await (const example of datasets.eachExample(version, { split: split ?? undefined, tag: tag ?? undefined })) {
    if (left === 0) return;
    left -= 1;
    yield example;
  }
}

/** How many there have been on the baseline's examples. An A/A is none: it decides between nothing. */
async function countComparisons(
  { evaluations }: EvaluationStore,
  sheets: readonly Sheet[],
  [baseline, ...others]: readonly SideRef[],
): Promise<number> {
  const factsOf = ({ evaluationId }: SideRef) => sheets.find(({ facts }) => facts.evaluationId === evaluationId)!.facts;
  if (baseline === undefined) return 0;
  const { version } = factsOf(baseline).spec.dataset;
  let comparisons = 0;
  for (const side of others) {
    if (factsOf(side).spec.mode === 'aa') continue;
    const pair = hashJson([identityOf(factsOf(baseline), baseline), identityOf(factsOf(side), side)]);
    comparisons = await evaluations.countComparison(version, pair);
  }
  return comparisons;
}

/** What was run on which documents: the same once more, in another evaluation, is no other side. */
const identityOf = ({ spec, pins }: EvaluationFacts, { variant }: SideRef) => ({
  planId: spec.variants[variant]?.planId ?? '',
  snapshots: pins?.snapshots ?? {},
});
