/** What an answer cites against what is relevant. */

import { implement } from '../../boundary/implement.ts';
import { scoreCitations } from '../scoring-steps.ts';
import { gradesAt, idAt } from './relevance.ts';

export const scoreCitationsLocal = implement(scoreCitations, ({ citations, passages, relevant }, { config }) => {
  const { level, k } = config;
  const grades = gradesAt(level, relevant);
  const known = new Set(passages.map(({ id }) => id));
  const resolved = citations.filter(({ passageId }) => known.has(passageId));
  const idsOf = (of: typeof citations) => new Set(of.map(({ passageId }) => idAt(level, passageId)));
  const found = idsOf(resolved);
  const counted = [...idsOf(citations)].slice(0, k);
  const isRelevant = (id: string) => Object.hasOwn(grades, id) && grades[id]! > 0;
  const hits = counted.filter((id) => found.has(id) && isRelevant(id)).length;
  return {
    precision: share(hits, counted.length),
    recall: share(hits, Object.keys(grades).filter(isRelevant).length),
    resolved: share(resolved.length, citations.length),
  };
});

const share = (part: number, all: number): number => (all === 0 ? 0 : part / all);
