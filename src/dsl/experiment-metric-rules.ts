/** What the metrics of an experiment may not be: nothing would come of them, or something that misleads. */
import type { OnlineKind, OnlineMetric, OnlineSource } from '../model/experiment-spec.ts';
import type { OnlineRead } from './experiment-source.ts';
import { refuse } from './refuse.ts';
import type { AnyScorer } from './scorer.ts';
import { nameOf, type WrittenMetric } from './written-metric.ts';

/** Refuses a ratio of what is told at different times: both its parts have to come of one run in one delivery. */
export function checkTogether(
  { value, denominator }: WrittenMetric,
  read: OnlineRead,
  below: OnlineRead,
  at: string,
): void {
  if (isTold(read.source, below.source)) return;
  refuse(
    'ratio_apart',
    `${at} is of '${nameOf(value)}' over '${nameOf(denominator!)}', which are not known at the same time`,
    'take both from the run, both from what people said, or both from one scorer; a score goes with a fact of the run, too',
  );
}

function isTold(one: OnlineSource, other: OnlineSource): boolean {
  if (one.from === 'feedback' || other.from === 'feedback') return one.from === other.from;
  if (one.from === 'score' && other.from === 'score') return one.scorer === other.scorer;
  const scored = one.from === 'score' || other.from === 'score';
  return !scored || one.from === 'run' || other.from === 'run';
}

/** Refuses to decide by those alone who chose to speak: an arm that makes fewer of them speak would look better. */
export function checkChosen(
  { role, value }: WrittenMetric,
  kind: OnlineKind,
  read: OnlineRead,
  below: OnlineRead | null,
  at: string,
): void {
  if (role !== 'primary') return;
  const isAmongRated =
    below?.source.from === 'feedback' || (isFeedback(read) && absentOf(kind, read.source) === 'missing');
  if (isAmongRated)
    refuse(
      'primary_among_rated',
      `${at} is of '${nameOf(value)}' among those who rated, and a variant can change who does`,
      "decide by all units, as metric.sum('net-thumbs', feedback.thumb, { cap: 3 }) does, and .observe() this beside it",
    );
}

const isFeedback = ({ source }: OnlineRead) => source.from === 'feedback';

/** Who says nothing has given no thumb, which counts as 0; but a score that nobody gave is no score of 0. */
export function absentOf(kind: OnlineKind, source: OnlineSource): OnlineMetric['absent'] {
  if (source.from !== 'feedback') return 'missing';
  return source.field === 'score' && kind !== 'sum' && kind !== 'ratio' ? 'missing' : 'zero';
}

/** Refuses scorers that no metric reads: each of their calls would be paid for nothing. */
export function checkRead(metrics: readonly OnlineMetric[], scorers: readonly AnyScorer[], at: string): void {
  const read = new Set(
    metrics
      .flatMap(({ source, denominator }) => [source, denominator])
      .map((source) => (source?.from === 'score' ? source.scorer : undefined)),
  );
  for (const { id } of scorers)
    if (!read.has(id))
      refuse(
        'scorer_unread',
        `${at}: no metric reads scorer '${id}'`,
        'leave it out, or look at what it gives: secondary: [metric.mean(...).observe()]',
        { scorer: id },
      );
}
