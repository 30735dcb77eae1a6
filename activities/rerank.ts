/**
 * Looks at candidates more closely than a word index can: how much of the question a passage covers, whether its title
 * and headings are about it, and how close together the words stand.
 */
import { rerank } from '../pipelines/steps.ts';
import { implement } from './boundary/implement.ts';
import { coverage, rarity, stemSet, stemsAt, type Term, termsOf } from './text/terms.ts';
import { headingText } from './text/titles.ts';

/** What each signal, from 0 to 1, counts. They add up to 1. */
const WEIGHTS = Object.freeze({ frequency: 0.3, coverage: 0.25, heading: 0.2, proximity: 0.15, order: 0.1 });
/** How soon repetition of a word stops to count, as in BM25. */
const SATURATION = 1.2;
/** Words further apart than this are not near each other. */
const NEAR_WORDS = 12;
/** At this rank the order of the search counts half. */
const HALF_RANK = 5;

/**
 * A weighted sum of five signals. Term proximity follows Büttcher, Clarke and Lushman (SIGIR 2006): each pair of
 * neighbouring question words adds 1 / distance². Words are weighted by how few of the candidates hold them.
 */
export const rerankLocal = implement(rerank, ({ query, passages }, { config }) => {
  const unique = [...new Map(passages.map((passage) => [passage.id, passage])).values()];
  const read = unique.map((passage) => ({
    passage,
    body: stemsAt(passage.text),
    heading: stemSet(headingText(passage)),
  }));
  const holding = read.map(({ body, heading }) => new Set([...body.map(({ stem }) => stem), ...heading]));
  const terms = termsOf(query).map((term) => {
    const held = holding.filter((stems) => stems.has(term.stem)).length;
    return { ...term, weight: term.weight * rarity(held, holding.length) };
  });
  const scored = read.map(({ passage, body, heading }, rank) => ({
    ...passage,
    score:
      WEIGHTS.frequency * frequency(terms, body) +
      WEIGHTS.coverage * coverage(terms, holding[rank]!) +
      WEIGHTS.heading * coverage(terms, heading) +
      WEIGHTS.proximity * proximity(terms, body) +
      WEIGHTS.order / (1 + rank / HALF_RANK),
  }));
  return { passages: scored.sort((one, other) => other.score - one.score).slice(0, config.topN) };
});

type Stems = ReturnType<typeof stemsAt>;

function frequency(terms: readonly Term[], body: Stems): number {
  const counts = new Map<string, number>();
  for (const { stem } of body) counts.set(stem, (counts.get(stem) ?? 0) + 1);
  const all = terms.reduce((sum, { weight }) => sum + weight, 0);
  const held = terms.reduce((sum, { stem, weight }) => {
    const count = counts.get(stem) ?? 0;
    return sum + (weight * count) / (count + SATURATION);
  }, 0);
  return all === 0 ? 0 : held / all;
}

function proximity(terms: readonly Term[], body: Stems): number {
  const weights = new Map(terms.map(({ stem, weight }) => [stem, weight]));
  const asked = body.filter(({ stem }) => weights.has(stem));
  let near = 0;
  for (const [index, { stem, at }] of asked.entries()) {
    const before = asked[index - 1];
    if (!before || before.stem === stem || at === before.at || at - before.at > NEAR_WORDS) continue;
    near += Math.min(weights.get(stem)!, weights.get(before.stem)!) / (at - before.at) ** 2;
  }
  return near / (near + 1);
}
