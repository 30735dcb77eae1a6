/**
 * What a comparison means for a check that lets changes pass: one word and an exit code. A side passes when at least one
 * primary is better, none is worse or without a verdict, and every guardrail is proven harmless; where no primary is
 * declared, when every guardrail is. It fails when a primary is worse or a guardrail is harmed. Anything else is
 * inconclusive: that nothing was found never passes.
 *
 * A judge that is not calibrated decides nothing, neither for nor against. The whole fails with any side, and passes with
 * all of them. A registration that was changed after it was locked comes before everything.
 */
import { explain } from '../../stats/explain.ts';
import type { GateFinding } from '../../stats/explained-report.ts';
import type { ComparedMetric, ComparisonReport, MetricSide } from './comparison-report.ts';

/** 0 passed, 3 failed, 4 inconclusive, 5 tampered. */
export type GateExitCode = 0 | 3 | 4 | 5;

export interface ComparisonGate {
  readonly status: 'passed' | 'failed' | 'inconclusive' | 'tampered';
  readonly exitCode: GateExitCode;
  /** `explain()`'s: the verdict, then why. */
  readonly sentences: readonly string[];
  /** Of each side but the baseline. */
  readonly sides: readonly SideGate[];
}

export interface SideGate {
  /** Place in the report's sides. */
  readonly side: number;
  readonly status: 'passed' | 'failed' | 'inconclusive';
  /** What decided, and what stood against it. */
  readonly findings: readonly GateFinding[];
}

const EXIT_CODES = { passed: 0, failed: 3, inconclusive: 4, tampered: 5 } as const;

export function gateOf(report: ComparisonReport): ComparisonGate {
  const sides = report.sides.slice(1).map((_, index) => gateSide(report.metrics, index));
  const changes = report.registrations.flatMap((check) =>
    check.changes.map(({ what, from, to }) => `${what}: ${from} → ${to}`),
  );
  const isTampered = report.registrations.some(({ state }) => state === 'changed');
  const status = isTampered ? 'tampered' : worstOf(sides);
  const label = (side: number): string => report.sides[side]!.label;
  const variants = sides.map(({ side, ...gate }) => ({ variant: label(side), ...gate }));
  const sentences = explain({ kind: 'evaluation-gate', status, baseline: label(0), variants, changes });
  return Object.freeze({ status, exitCode: EXIT_CODES[status], sentences, sides: Object.freeze(sides) });
}

function worstOf(sides: readonly SideGate[]): SideGate['status'] {
  if (sides.some(({ status }) => status === 'failed')) return 'failed';
  return sides.every(({ status }) => status === 'passed') ? 'passed' : 'inconclusive';
}

function gateSide(metrics: readonly ComparedMetric[], index: number): SideGate {
  const of = (role: ComparedMetric['role']) => metrics.filter((metric) => metric.role === role);
  const primaries = of('primary').map((metric) => primaryFinding(metric, metric.sides[index]!));
  const guardrails = of('guardrail').map((metric) => guardrailFinding(metric, metric.sides[index]!));
  const found = [...primaries, ...guardrails].filter((finding) => finding !== null);
  const has = (...codes: readonly GateFinding['code'][]): boolean => found.some(({ code }) => codes.includes(code));
  const isNothing = primaries.length + guardrails.length === 0;
  const isNoneBetter = primaries.length > 0 && !has('better');
  const findings = [
    ...found,
    ...(isNothing ? [finding('nothing_declared')] : []),
    ...(isNoneBetter ? [finding('none_better')] : []),
  ];
  const isOpen = isNothing || isNoneBetter || has('unproven', 'no_verdict', 'uncalibrated');
  const status = has('worse', 'harmed') ? 'failed' : isOpen ? 'inconclusive' : 'passed';
  return Object.freeze({ side: index + 1, status, findings: Object.freeze(findings) });
}

const finding = (code: GateFinding['code'], metric: string | null = null, why: string | null = null): GateFinding =>
  Object.freeze({ code, metric, why });

const decidesNothing = ({ judge }: ComparedMetric): boolean => judge?.state === 'uncalibrated';

/** Null: neither for nor against. */
function primaryFinding(metric: ComparedMetric, { verdict, why, effect }: MetricSide): GateFinding | null {
  const { name } = metric;
  if (verdict === null) {
    // The same score in every pair is no win; neither is it a reason against one elsewhere.
    const isSame = why?.code === 'no_variation' && effect.diff === 0;
    return isSame ? null : finding('no_verdict', name, why?.words ?? null);
  }
  if (decidesNothing(metric)) return finding('uncalibrated', name);
  return verdict === 'better' || verdict === 'worse' ? finding(verdict, name) : null;
}

function guardrailFinding(metric: ComparedMetric, { guardrail, why }: MetricSide): GateFinding {
  const { name } = metric;
  if (guardrail === null) return finding('no_verdict', name, why?.words ?? null);
  if (guardrail.status !== 'unproven' && decidesNothing(metric)) return finding('uncalibrated', name);
  return finding(guardrail.status, name);
}
