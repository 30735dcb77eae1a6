/** What is quoted of one passage: units, each with what it needs around it to make sense. */
import type { Passage } from '../model/step-schemas.ts';
import type { Unit } from './units.ts';

export interface ReadPassage {
  readonly passage: Passage;
  readonly units: readonly Unit[];
  /** Stems of its title and headings. */
  readonly heading: ReadonlySet<string>;
}

export interface Excerpt {
  readonly from: ReadPassage;
  has(index: number): boolean;
  add(index: number): void;
  /** Quoted units, in the order of the passage. */
  units(): readonly Unit[];
  /** Stems of what is quoted, and of the headings over it. */
  stems(): ReadonlySet<string>;
  /** Words of quoted prose. */
  words(): number;
  hasCode(): boolean;
  /** The first fitting code block behind what is quoted. */
  nextCode(fits: (unit: Unit) => boolean): number | undefined;
}

interface Limits {
  readonly codeLines: number;
}

/** A longer list is quoted up to here. */
const LIST_WORDS = 150;
/** Sentences that lean on each other, at most. */
const MAX_LEANING = 2;
/** A picked sentence takes the rest of its paragraph along, up to so many words. */
const PARAGRAPH_WORDS = 60;

export function createExcerpt(from: ReadPassage, { codeLines }: Limits): Excerpt {
  const { units } = from;
  const chosen = new Set<number>();
  /** Sentences that introduce one picked item of a list: the other items do not follow. */
  const introductions = new Set<number>();
  const inOrder = () => [...chosen].sort((one, other) => one - other);

  const add = (index: number): void => {
    chosen.add(index);
    introductions.delete(index);
    if (units[index]!.kind !== 'sentence') addIntroduction(index);
    leanBack(index);
    continueParagraph(index);
    for (const each of inOrder()) if (units[each]!.leansForward && !introductions.has(each)) addFollowing(each + 1);
  };

  /** What a colon introduces: a block, or the items of a list as far as they fit. */
  const addFollowing = (index: number): void => {
    const unit = units[index];
    if (unit?.kind === 'code' && linesIn(unit) <= codeLines) chosen.add(index);
    if (unit === undefined || unit.kind === 'code' || unit.kind === 'sentence') return;
    let words = 0;
    for (let at = index; units[at]?.block === unit.block; at += 1) {
      words += wordsIn(units[at]!);
      if (words > LIST_WORDS) return;
      chosen.add(at);
    }
  };

  /** What a list, a table or code is about is said before it, under the same heading. */
  const addIntroduction = (index: number): void => {
    const { kind, block, under } = units[index]!;
    const before = units.findLastIndex((unit, at) => at < index && unit.block !== block);
    const unit = units[before];
    if (unit?.kind !== 'sentence' || unit.under !== under || chosen.has(before)) return;
    chosen.add(before);
    if (kind === 'item') introductions.add(before);
    leanBack(before);
  };

  const leanBack = (index: number): void => {
    for (let at = index, steps = 0; units[at]?.leansBack && steps < MAX_LEANING; at -= 1, steps += 1)
      if (units[at - 1]?.kind === 'sentence') chosen.add(at - 1);
  };

  const continueParagraph = (index: number): void => {
    const { block } = units[index]!;
    let words = wordsIn(units[index]!);
    for (let at = index + 1; units[at]?.block === block && units[at]!.kind === 'sentence'; at += 1) {
      words += wordsIn(units[at]!);
      if (words > PARAGRAPH_WORDS) return;
      chosen.add(at);
    }
  };

  /** Without sentences that promise what does not follow: 'There are three ways:'. */
  const shown = (): readonly number[] => {
    const all = inOrder();
    const kept = all.filter((index) => !units[index]!.leansForward || introductions.has(index) || isFollowed(index));
    return kept.length > 0 ? kept : all;
  };

  const isFollowed = (index: number): boolean => {
    const next = units[index + 1];
    return chosen.has(index + 1) && next?.kind !== 'sentence' && next?.under === units[index]!.under;
  };

  return {
    from,
    has: (index) => chosen.has(index),
    add,
    units: () => shown().map((index) => units[index]!),
    stems: () => new Set([...from.heading, ...inOrder().flatMap((index) => [...units[index]!.stems])]),
    words: () =>
      inOrder().reduce((sum, index) => sum + (units[index]!.kind === 'sentence' ? wordsIn(units[index]!) : 0), 0),
    hasCode: () => inOrder().some((index) => units[index]!.kind === 'code'),
    nextCode(fits) {
      const last = inOrder().at(-1) ?? 0;
      const found = units.findIndex((unit, index) => index > last && unit.kind === 'code' && fits(unit));
      return found === -1 ? undefined : found;
    },
  };
}

export const wordsIn = (unit: Unit): number => unit.text.split(/\s+/).length;
/** Lines of code between the fences. */
const linesIn = (unit: Unit): number => unit.text.split('\n').length - 2;
