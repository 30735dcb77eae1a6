/**
 * Which metrics of an experiment rest on a judge. Online there are no labels, and a judge without labels never gates: where
 * one of these decides, a win waits for a person. Proven harm ends the experiment all the same, which keeps the baseline.
 */
import { isJudge } from '../evaluation/calibration/judges.ts';
import type { ExperimentSpec, OnlineMetric } from './spec.ts';

type Scored = Pick<ExperimentSpec, 'scorers' | 'metrics'>;

export function isJudged({ scorers }: Pick<Scored, 'scorers'>, { source, denominator }: OnlineMetric): boolean {
  const judges = scorers.filter(({ spec }) => isJudge(spec)).map(({ spec }) => spec.id);
  return [source, denominator].some((one) => one?.from === 'score' && judges.includes(one.scorer));
}

/** Names of the primary and guardrail metrics among them. */
export const decidingJudged = ({ scorers, metrics }: Scored): readonly string[] =>
  metrics.filter((metric) => metric.role !== 'secondary' && isJudged({ scorers }, metric)).map(({ name }) => name);

/** What to say of them before the start; null where there is none. */
export function judgedWarning(spec: Scored): string | null {
  const names = decidingJudged(spec);
  if (names.length === 0) return null;
  return `${names.join(', ')}: scored by a judge, which no labels correct online. A win waits for approval: sluice experiment approve`;
}
