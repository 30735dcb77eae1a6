/**
 * Pages about trouble say first what goes wrong, in the reader's own words, and then what to do, in others: the question
 * finds the former, and is answered by the latter. So what is quoted of a problem brings its solution along.
 */
import type { Passage } from '../model/step-schemas.ts';
import { createExcerpt, type Excerpt, type ReadPassage } from './excerpt.ts';
import { documentOf } from './titles.ts';
import type { Unit } from './units.ts';

const PROBLEM = /^(?:issues?|problems?|symptoms?|errors?|background|causes?|why)\b/i;
const SOLUTION = /^(?:solutions?|fix(?:es)?|resolutions?|workarounds?|how to (?:fix|solve|resolve))\b/i;

/** Code so near behind the beginning of a solution is part of it. */
const NEAR_UNITS = 6;

interface Limits {
  readonly maxPassages: number;
  readonly codeLines: number;
}

/** The excerpts, and where the first tells of a problem, the beginning of its solution in the same document. */
export function withRemedy(
  excerpts: readonly Excerpt[],
  read: readonly ReadPassage[],
  limits: Limits,
): readonly Excerpt[] {
  const [first] = excerpts;
  if (!first || !stands(first, PROBLEM) || stands(first, SOLUTION)) return excerpts;
  const document = documentOf(first.from.passage.id);
  const from = [first.from, ...read.filter(({ passage }) => documentOf(passage.id) === document)].find(
    (each) => solutionIn(each) !== -1,
  );
  if (!from) return excerpts;
  const known = excerpts.find((excerpt) => excerpt.from === from);
  const remedy = known ?? createExcerpt(from, limits);
  const start = solutionIn(from);
  remedy.add(start);
  const code = remedy.nextCode(({ text }) => text.split('\n').length - 2 <= limits.codeLines);
  if (!remedy.hasCode() && code !== undefined && code - start <= NEAR_UNITS) remedy.add(code);
  return known ? excerpts : [first, remedy, ...excerpts.slice(1)].slice(0, limits.maxPassages);
}

const solutionIn = ({ passage, units }: ReadPassage): number =>
  units.findIndex((unit) => unit.kind === 'sentence' && SOLUTION.test(headingOver(passage, unit)));

const stands = (excerpt: Excerpt, under: RegExp): boolean =>
  excerpt.units().some((unit) => under.test(headingOver(excerpt.from.passage, unit)));

const headingOver = ({ heading }: Passage, { under }: Unit): string => under || (heading?.at(-1) ?? '');
