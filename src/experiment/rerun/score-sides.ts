/**
 * The scores of both sides of a pair: of what was served, and of what the variant gives. Where a scorer would be asked the
 * same twice it is asked once, so that a judge in two minds makes no difference where there is none.
 */
import type { EndedRun } from '../../evaluation/chunk/play-run.ts';
import { type Scoring, scorePair, scoreRun, subjectOf } from '../../evaluation/chunk/score-run.ts';
import { scorerInput } from '../../evaluation/chunk/scorer-input.ts';
import type { Example } from '../../model/dataset.ts';
import type { Cell } from '../../model/evaluation-result.ts';
import type { ScorerSpec } from '../../model/evaluation-spec.ts';
import { isSameJson } from '../../plan/id.ts';
import type { Execute } from '../../plan/walk.ts';

export interface SidesToScore {
  readonly scorers: readonly ScorerSpec[];
  readonly example: Example;
  readonly served: EndedRun;
  readonly variant: EndedRun;
  /** Makes the scorers' calls, of either side. */
  readonly execute: { readonly served: Execute; readonly variant: Execute };
  readonly signal: AbortSignal;
}

export interface SideCells {
  readonly served: { readonly [scorer: string]: Cell };
  readonly variant: { readonly [scorer: string]: Cell };
}

/** @throws the signal's reason when it aborts */
export async function scoreSides(sides: SidesToScore): Promise<SideCells> {
  const cells = await Promise.all(
    sides.scorers.map(
      async (scorer) => [scorer.id, await (scorer.kind === 'pair' ? ofPair : ofEach)(sides, scorer)] as const,
    ),
  );
  const pick = (side: 'served' | 'variant') => Object.fromEntries(cells.map(([id, pair]) => [id, pair[side]]));
  return { served: pick('served'), variant: pick('variant') };
}

type CellPair = { readonly [side in 'served' | 'variant']: Cell };

async function ofEach(sides: SidesToScore, scorer: ScorerSpec): Promise<CellPair> {
  const { example, served, variant, execute, signal } = sides;
  const scoring = (side: 'served' | 'variant'): Scoring => ({ scorer, example, execute: execute[side], signal });
  const [then, now] = [served, variant].map((run) => scorerInput(scorer.input, example, { run }));
  if ('value' in then! && 'value' in now! && isSameJson(then.value, now.value)) {
    const cell = await scoreRun(scoring('served'), served);
    return { served: cell, variant: cell };
  }
  const [ofServed, ofVariant] = await Promise.all([
    scoreRun(scoring('served'), served),
    scoreRun(scoring('variant'), variant),
  ]);
  return { served: ofServed, variant: ofVariant };
}

async function ofPair(sides: SidesToScore, scorer: ScorerSpec): Promise<CellPair> {
  const { example, served, variant, execute, signal } = sides;
  const inputOf = (first: EndedRun, second: EndedRun) => scorerInput(scorer.input, example, { first, second });
  const [forth, back] = [inputOf(served, variant), inputOf(variant, served)];
  if ('value' in forth && 'value' in back && isSameJson(forth.value, back.value)) {
    const alike = evenCell(subjectOf(forth.value), 'both are the same');
    return { served: alike, variant: alike };
  }
  const cell = await scorePair({ scorer, example, execute: execute.variant, signal }, served, variant);
  return { served: evenCell('', 'what was served, against itself'), variant: cell };
}

const evenCell = (subject: string, reason: string): Cell => ({
  state: 'done',
  score: { win: 0.5, flipped: 0 },
  ...{ subject, detail: { reason } },
});
