/** What an experiment asks, what is to be done with it, and what then happens, in words. */
import { showDifference, showEffect } from '../../../../evaluation/report/values.ts';
import type { LookTableRow } from '../../../../experiment/report-table.ts';
import { percent, showSpan } from '../../../../experiment/report-text.ts';
import type { Asked, ExperimentStatus, Report } from './types.ts';

const list = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

export function questionOf({ pipeline, kind }: ExperimentStatus, { arms, metrics }: Asked): string {
  const variants = list(arms.slice(1).map(({ name }) => name));
  const named = (role: string) => metrics.filter((metric) => metric.role === role).map(({ name }) => name);
  const [primary, guardrails] = [named('primary'), named('guardrail')];
  const harm = guardrails.length === 0 ? '' : `, without harm to ${list(guardrails)}`;
  if (kind === 'rollout' || primary.length === 0)
    return `Can ${variants} be served to everybody on ${pipeline}${harm}?`;
  const better = metrics.find(({ role }) => role === 'primary')?.better === 'lower' ? 'lower' : 'raise';
  return `Does ${variants} ${better} ${list(primary)} on ${pipeline}${harm}?`;
}

/** What whoever decides should do; the reason is the first of the sentences. */
export function recommendationOf({ state, winner, experimentId }: ExperimentStatus): string {
  const variant = winner ?? 'the variant';
  switch (state) {
    case 'approving':
      return `Approve: roll out ${variant}.`;
    case 'running':
      return 'Wait: nothing is decided yet, and looking early costs nothing.';
    case 'paused':
      return 'Resume or abort: everybody is served the baseline, and nothing is decided.';
    case 'halted':
      return 'Do not roll out: the numbers cannot be trusted. Find out why, then abort.';
    case 'rolling':
      return `Nothing to do: ${variant} is being rolled out, and is taken back by itself where it does harm.`;
    case 'promoted':
      return `Nothing to do: ${variant} is served to everybody.`;
    case 'rolled_back':
      return `Keep the baseline: ${variant} was taken back.`;
    case 'inconclusive':
      return 'Keep the baseline: no gain was proven, which is not proof that there is none.';
    default:
      return `Nothing to decide: ${experimentId} has ended (${state.replaceAll('_', ' ')}).`;
  }
}

/** What an approval sets off, step by step. */
export function onApproval(
  { pipeline, winner }: ExperimentStatus,
  { rollout, unitName, share }: Asked,
): readonly string[] {
  const variant = winner ?? 'the variant';
  const steps = rollout.steps.map(percent).join(' → ');
  return [
    `${variant} is served to ${steps} of the traffic outside the experiment’s share (${percent(share)}), which stays split to see harm.`,
    `Each step lasts at least ${showSpan(rollout.soakMs)}, and until ${rollout.unitsPerStep} more ${unitName}s have matured.`,
    'Where a guardrail is harmed beyond its margin, everybody gets the baseline again without anybody being asked.',
    `After the last step it is deployed as the new baseline of ${pipeline}; rolling ${pipeline} back takes that away again.`,
  ];
}

export const effectText = ({ effect, interval, format }: LookTableRow): string =>
  showEffect({ diff: effect, lo: interval?.[0] ?? null, hi: interval?.[1] ?? null }, format);

/** What may be said of a row. */
export function standsText({ status, margin, format, isExploratory }: LookTableRow): string {
  const limit = margin === null ? '' : showDifference(margin, format).replace(/^\+/, '');
  switch (status) {
    case 'proven':
      return `proven within ${limit}`;
    case 'harmed':
      return `harm beyond ${limit}`;
    case 'unproven':
      return `not proven yet (limit ${limit})`;
    case 'shown':
      return 'only shown';
    default:
      return isExploratory ? `${status}, exploratory` : status;
  }
}

/** Red for what is proven of what was declared beforehand. */
export const toneOf = ({ status, role }: Pick<LookTableRow, 'status' | 'role'>): 'good' | 'harm' | 'open' => {
  if (status === 'harmed' || (status === 'worse' && role === 'primary')) return 'harm';
  return status === 'proven' || status === 'better' ? 'good' : 'open';
};

export function ratioText({ ratio: { p, haltsBelow, rows } }: Report): string {
  if (p === null) return 'The sample ratio is not known yet: nobody has been exposed.';
  if (p >= haltsBelow)
    return `The sample ratio is fine: units arrive as planned (p = ${p.toPrecision(2)}; it halts below ${haltsBelow}).`;
  const worst = rows.reduce((found, next) => (next.p < found.p ? next : found));
  return `The sample ratio is off, of ${worst.of} units (p = ${p.toPrecision(2)}): nothing is decided on such numbers.`;
}
