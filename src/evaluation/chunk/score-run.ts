/** Cells of one run: each scorer asked once over the memo, or the reason why not. */
import type { Example } from '../../model/dataset.ts';
import type { Cell, Score } from '../../model/evaluation-result.ts';
import type { ScoreField, ScorerSpec } from '../../model/evaluation-spec.ts';
import { hashJson } from '../../plan/id.ts';
import type { Json, StepNode } from '../../plan/plan.ts';
import type { Execute } from '../../plan/walk.ts';
import { hasClaim } from '../../store/claims.ts';
import { type EndedRun, isFromOutside } from './play-run.ts';
import { type Lacking, type ScorerInput, type Sides, scorerInput } from './scorer-input.ts';

/** What a scorer's step fails with where it is the example that says nothing to score by. */
const INAPPLICABLE: ReadonlySet<string> = new Set(['no_relevant', 'no_expected']);
const SUBJECT_DIGITS = 32;
const DETAIL_CHARACTERS = 2_000;
const TOO_LONG = '… too long to be kept';

export interface Scoring {
  readonly scorer: ScorerSpec;
  readonly example: Example;
  readonly execute: Execute;
  readonly signal: AbortSignal;
}

/** @throws the signal's reason when it aborts */
export async function scoreRun(scoring: Scoring, run: EndedRun): Promise<Cell> {
  const { scorer, example } = scoring;
  const input = scorerInput(scorer.input, example, { run });
  if ('missing' in input) return unreadable(run, input);
  const subject = subjectOf(input.value);
  if (scorer.kind === 'human') return { state: 'missing', reason: 'not labelled yet', resumable: false, subject };
  const asked = await ask(scoring, `score:${scorer.id}`, input.value);
  if ('state' in asked) return asked;
  return toCell(asked.output, scorer.fields, subject);
}

/** A variant failure counts as the worst score; an infrastructure failure is missing. */
function unreadable(run: EndedRun, { missing, isInapplicable }: Lacking): Cell {
  if (isInapplicable) return { state: 'missing', reason: missing, resumable: false, isInapplicable };
  if (run.outcome === 'missing')
    return { state: 'missing', reason: `the run could not be made: ${run.error?.code}`, resumable: true };
  if (run.outcome === 'failed') return { state: 'failed', reason: run.error?.code ?? 'failed' };
  return { state: 'missing', reason: missing, resumable: false };
}

export const subjectOf = (input: Json): string => hashJson(input).slice(0, SUBJECT_DIGITS);

/** One call of a scorer's step: what it gave, or the cell that its failure makes. */
async function ask(
  { scorer, execute, signal }: Scoring,
  key: string,
  input: Json,
): Promise<{ readonly output: { readonly [field: string]: Json } } | Cell> {
  const node: StepNode = {
    kind: 'step',
    id: key,
    call: scorer.call!,
    input: scorer.input,
    policy: scorer.policy!,
  };
  try {
    const output = await execute({ node, key, call: 'step', input, signal });
    return { output: output as { readonly [field: string]: Json } };
  } catch (error) {
    signal.throwIfAborted();
    const { code = 'scorer_failed', retryable = false } = error as { code?: string; retryable?: boolean };
    if (INAPPLICABLE.has(code)) return { state: 'missing', reason: code, resumable: false, isInapplicable: true };
    return { state: 'missing', reason: code, resumable: retryable || isFromOutside(code) };
  }
}

function toCell(
  output: { readonly [field: string]: Json },
  fields: { readonly [field: string]: ScoreField },
  subject: string,
): Cell {
  const score: { [field: string]: number } = {};
  const detail: { [field: string]: Json } = {};
  for (const [field, value] of Object.entries(output)) {
    if (!Object.hasOwn(fields, field)) detail[field] = value;
    else if (typeof value === 'boolean') score[field] = Number(value);
    else if (typeof value === 'number' && Number.isFinite(value)) score[field] = value;
  }
  for (const [field, { worst, best }] of Object.entries(fields)) {
    const value = score[field];
    if (value === undefined) return { state: 'missing', reason: `'${field}' is no number`, resumable: false };
    // What is concluded from a scale would be wrong.
    if (best !== null && (value < Math.min(worst, best) || value > Math.max(worst, best)))
      return { state: 'missing', reason: `'${field}' is ${value}, beyond ${worst} to ${best}`, resumable: false };
  }
  return { state: 'done', score: score as Score, subject, ...withDetail(detail) };
}

function withDetail(detail: { readonly [field: string]: Json }) {
  if (Object.keys(detail).length === 0) return {};
  const isShort = JSON.stringify(detail).length <= DETAIL_CHARACTERS;
  const cut = Object.entries(detail).map(([field, value]) => {
    if (hasClaim(value)) return [field, TOO_LONG];
    if (isShort) return [field, value];
    return [field, typeof value === 'string' ? value.slice(0, DETAIL_CHARACTERS / 4).toWellFormed() : TOO_LONG];
  });
  return { detail: Object.fromEntries(cut) as { [field: string]: Json } };
}

// The cell of a pair: the baseline's run and the variant's on one example, shown to a judge in both orders. Only what it
// says both times counts; a judge that changes its mind with the order has seen no difference.

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
  const [first, again] = [winOf(one.output.winner), winOf(other.output.winner)];
  if (first === undefined || again === undefined)
    return { state: 'missing', reason: `'winner' is none of first, second and tie`, resumable: false };
  // The other way round, the variant is shown first.
  const isSame = first === 1 - again;
  const score = { win: isSame ? first : 0.5, flipped: isSame ? 0 : 1 };
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

/** A side with a variant failure loses; when both fail, neither wins. */
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
