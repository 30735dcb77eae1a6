/**
 * Evaluations from the store, as comparisons take them. Rows pass by one at a time and only their numbers stay, so that an
 * evaluation of many thousands of runs takes little room.
 */
import { hashJson } from '../../plan/id.ts';
import type { EvaluationRow } from '../../store/evaluations.ts';
import type { Store } from '../../store/store.ts';
import { type Example, memberOf } from '../dataset.ts';
import type { DatasetPart } from '../spec.ts';
import type { CompareInput } from './compare.ts';
import type { EvaluationFacts, ExampleInfo, SideRef } from './input.ts';
import { createSheet, type Sheet } from './sheet.ts';

export type EvaluationStore = Pick<Store, 'evaluations' | 'datasets'>;

/**
 * What these sides come to, and that they were compared: looking at the same two again is not another comparison.
 *
 * @param sides the baseline first
 * @throws SluiceError `evaluation_unknown`
 */
export async function loadComparison(store: EvaluationStore, sides: readonly SideRef[]): Promise<CompareInput> {
  const sheets = await loadSheets(
    store,
    sides.map(({ evaluationId }) => evaluationId),
  );
  return { sheets, sides, comparisons: await countComparisons(store, sheets, sides) };
}

/** Of each evaluation once, in the order in which they are named. @throws SluiceError `evaluation_unknown` */
export async function loadSheets(store: EvaluationStore, evaluationIds: readonly string[]): Promise<readonly Sheet[]> {
  const known = new Map<string, Promise<readonly ExampleInfo[]>>();
  const examplesIn = (part: DatasetPart) => {
    const key = JSON.stringify(part);
    const found = known.get(key) ?? readExamples(store, part);
    known.set(key, found);
    return found;
  };
  const sheets: Sheet[] = [];
  for (const evaluationId of new Set(evaluationIds)) {
    const row = await store.evaluations.get(evaluationId);
    const sheet = createSheet(await factsOf(store, row, await examplesIn(row.spec.dataset)));
    for await (const result of store.evaluations.eachResult(row.evaluationId, { scoresOnly: true })) sheet.add(result);
    sheets.push(sheet);
  }
  return sheets;
}

async function factsOf(
  { evaluations }: EvaluationStore,
  { evaluationId, name, spec, pins, state }: EvaluationRow,
  examples: readonly ExampleInfo[],
): Promise<EvaluationFacts> {
  const locked = await evaluations.registration(spec.name);
  return { evaluationId, name, spec, pins, state, examples, locked: locked?.content ?? null };
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
  const specOf = ({ evaluationId }: SideRef) => sheets.find(({ facts }) => facts.evaluationId === evaluationId)!.facts;
  if (baseline === undefined) return 0;
  const { version } = specOf(baseline).spec.dataset;
  let comparisons = 0;
  for (const side of others) {
    if (specOf(side).spec.mode === 'aa') continue;
    const pair = hashJson([identityOf(specOf(baseline), baseline), identityOf(specOf(side), side)]);
    comparisons = await evaluations.countComparison(version, pair);
  }
  return comparisons;
}

/** What was run on which documents: the same once more, in another evaluation, is no other side. */
const identityOf = ({ spec, pins }: EvaluationFacts, { variant }: SideRef) => ({
  planId: spec.variants[variant]?.planId ?? '',
  snapshots: pins?.snapshots ?? {},
});
