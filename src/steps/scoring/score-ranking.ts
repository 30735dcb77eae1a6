/** Ranked passages against what is relevant. */

import { StepFailure } from '../../boundary/failure.ts';
import { implement } from '../../boundary/implement.ts';
import { rankMetrics } from '../../stats/ranking.ts';
import { scoreRanking } from '../scoring-steps.ts';
import { gradesAt, idAt } from './relevance.ts';

export const scoreRankingLocal = implement(scoreRanking, ({ passages, relevant }, { config }) => {
  const { k, level, gain } = config;
  const grades = gradesAt(level, relevant);
  const scored = rankMetrics(
    passages.map(({ id }) => idAt(level, id)),
    grades,
    k,
    gain,
  );
  if (scored.status !== 'ok') throw unscored(scored.status, scored.why);
  const { recall, precision, hit, mrr, ap, ndcg } = scored;
  return { recall, precision, hit: hit === 1, mrr, ap, ndcg };
});

/** What the schemas let through, the statistics take: this says so should one of them change. */
function unscored(status: string, why: string): StepFailure {
  return new StepFailure(status, {
    message: `the ranking cannot be scored: ${why}`,
    remedy: 'correct the grades of the example, or k',
    retryable: false,
  });
}
