/**
 * The cell of a pair: the baseline's run and the variant's on one example, shown to a judge in both orders. Only what it
 * says both times counts; a judge that changes its mind with the order has seen no difference.
 */
import type { Example } from '../../model/dataset.ts';
import type { Cell } from '../../model/evaluation-result.ts';
import type { EndedRun } from './play-run.ts';
import { ask, type Scoring, subjectOf, unreadable, withDetail } from './score-run.ts';
import { type ScorerInput, type Sides, scorerInput } from './scorer-input.ts';

/** @throws the signal's reason when it aborts */
export async function scorePair(scoring: Scoring, baseline: EndedRun, variant: EndedRun): Promise<Cell> {
  const { scorer, example } = scoring;
  const forth = inputOf(scoring, example, { first: baseline, second: variant });
  const back = inputOf(scoring, example, { first: variant, second: baseline });
  if ('missing' in forth || 'missing' in back) return byDefault(baseline, variant, 'missing' in forth ? forth : back);
  const [one, other] = await Promise.all([
    ask(scoring, `score:${scorer.id}:forth`, forth.value),
    ask(scoring, `score:${scorer.id}:back`, back.value),
  ]);
  if ('state' in one) return one;
  if ('state' in other) return other;
  const [told, again] = [winOf(one.output.winner), winOf(other.output.winner)];
  if (told === undefined || again === undefined)
    return { state: 'missing', reason: `'winner' is none of first, second and tie`, resumable: false };
  // The other way round, the variant is shown first.
  const isSame = told === 1 - again;
  const score = { win: isSame ? told : 0.5, flipped: isSame ? 0 : 1 };
  const detail = { forth: one.output.reason ?? null, back: other.output.reason ?? null };
  return { state: 'done', score, subject: subjectOf(forth.value), ...withDetail(detail) };
}

/** What it is worth for the side that is shown second. */
const WINS: ReadonlyMap<unknown, number> = new Map([
  ['second', 1],
  ['first', 0],
  ['tie', 0.5],
]);
const winOf = (winner: unknown): number | undefined => WINS.get(winner);

const inputOf = ({ scorer }: Scoring, example: Example, sides: Sides): ScorerInput =>
  scorerInput(scorer.input, example, sides);

/** Who has failed by its own fault has lost; where both have, nobody has won. */
function byDefault(baseline: EndedRun, variant: EndedRun, lacking: ScorerInput): Cell {
  const missing = 'missing' in lacking ? lacking : { missing: '' };
  if (missing.isInapplicable) return unreadable(variant, missing);
  if (baseline.outcome === 'missing') return unreadable(baseline, missing);
  if (variant.outcome === 'missing' || baseline.outcome !== 'failed') return unreadable(variant, missing);
  const isTie = variant.outcome === 'failed';
  return {
    state: 'done',
    score: { win: isTie ? 0.5 : 1, flipped: 0 },
    subject: subjectOf([baseline.output ?? null, variant.output ?? null]),
    detail: { reason: isTie ? 'both failed' : 'the baseline failed' },
  };
}
