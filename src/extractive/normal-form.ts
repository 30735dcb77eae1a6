/**
 * Answers as their wordings are compared: SQuAD's normal form (Rajpurkar and others, EMNLP 2016), in which case, punctuation,
 * articles and white space do not count; punctuation of all scripts, as in MLQA's (Lewis and others, ACL 2020), and each
 * character of a script without spaces is a word.
 */
import { UNSPACED } from './terms.ts';

/** Python's `string.punctuation`, and all punctuation of Unicode. */
const PUNCTUATION = /[\p{P}$+<=>^`|~]/gu;
const ARTICLES: ReadonlySet<string> = new Set(['a', 'an', 'the']);
const CHARACTER = new RegExp(UNSPACED.source, 'gu');
const IN_WORD = /[\p{L}\p{M}\p{N}_]/u;
const FULL_STOP = /(?<=\S)[.!?…。]{1,3}$/u;

/** The words of a text, articles among them. */
export function wordsInForm(text: string): readonly string[] {
  const plain = text.normalize('NFKC').toLowerCase().replace(PUNCTUATION, '').replace(CHARACTER, ' $& ');
  return plain.split(/\s+/u).filter((word) => word !== '');
}

export const withoutArticles = (words: readonly string[]): readonly string[] =>
  words.filter((word) => !ARTICLES.has(word));

/** Without `[1]` and its like, code left as it is. */
export function withoutCitations(text: string): string {
  const cited = citedText(0);
  return cited.push(text) + cited.end();
}

/** The harmonic mean of the shares of each side's words that the other has, each as often as both have it. */
export function wordF1(one: readonly string[], other: readonly string[]): number {
  const left = new Map<string, number>();
  for (const word of other) left.set(word, (left.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of one) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    shared += 1;
  }
  return shared === 0 ? 0 : (2 * shared) / (one.length + other.length);
}

/**
 * Whether a text contains another one, ignoring case and white space: `300` is not in `3000`, but `streamText` is in
 * `streamText({ model })`. A full stop at its end need not be there.
 */
export function holds(text: string, wanted: string): boolean {
  const [inside, sought] = [plain(text), plain(wanted).replace(FULL_STOP, '')];
  for (let at = inside.indexOf(sought); at !== -1; at = inside.indexOf(sought, at + 1)) {
    const isApart = isEdge(inside[at - 1], sought[0]) && isEdge(inside[at + sought.length], sought.at(-1));
    if (isApart) return true;
  }
  return false;
}

const plain = (text: string): string => text.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').trim();

/** Whether no word goes on from one to the other. */
const isEdge = (outside = ' ', inside = ' '): boolean =>
  !IN_WORD.test(outside) || !IN_WORD.test(inside) || UNSPACED.test(outside) || UNSPACED.test(inside);

/**
 * Citations in text that a model is still writing. `[3]` and `[1, 2]` outside of code are citations; those of numbers that
 * no passage has are kept out, with the space before them. Text comes in pieces that may break anywhere, so what could
 * still become a citation is held back until it is known.
 */
export interface CitedText {
  /** The next piece; gives what of the text is certain by now. */
  push(piece: string): string;
  /** The last of the text. */
  end(): string;
  /** Numbers that were cited, in the order of their first mention. */
  readonly cited: ReadonlySet<number>;
  /** Numbers that were cited and are none. */
  readonly unknown: ReadonlySet<number>;
}

/** What may not be looked at before the next piece: white space, the beginning of a citation, a run of back-ticks. */
const UNDECIDED = /(?:\s*(?:\[[\d,\s]{0,40})?|`+)$/;
const TOKEN = /(?<ticks>`+)|(?<gap>\n\s*\n)|(?<space>[ \t]*)\[(?<numbers>\d{1,3}(?:\s*,\s*\d{1,3})*)\]/g;
/** Shorter runs of back-ticks are code within a paragraph, and end with it. */
const FENCE = 3;

/** @param passages how many there are: numbers from 1 to that can be cited */
export function citedText(passages: number): CitedText {
  const cited = new Set<number>();
  const unknown = new Set<number>();
  let held = '';
  /** The length of the run of back-ticks that opened the code we are in; 0 outside. */
  let code = 0;

  function passTicks(length: number): void {
    if (code === 0) code = length;
    else if (code < FENCE ? length === code : length >= code) code = 0;
  }

  function cite(whole: string, space: string, list: string): string {
    const numbers = list.split(',').map(Number);
    if (numbers.includes(0)) return whole; // an index, not a citation
    const known = numbers.filter((n) => n <= passages);
    for (const n of numbers) (n <= passages ? cited : unknown).add(n);
    return known.length === 0 ? '' : `${space}${known.map((n) => `[${n}]`).join('')}`;
  }

  function pass(text: string): string {
    return text.replace(TOKEN, (...found) => {
      const whole = found[0] as string;
      const { ticks, gap, space = '', numbers = '' } = found.at(-1) as { readonly [name: string]: string | undefined };
      if (ticks !== undefined) passTicks(ticks.length);
      else if (gap !== undefined) code = code < FENCE ? 0 : code;
      else if (code === 0) return cite(whole, space, numbers);
      return whole;
    });
  }

  return {
    cited,
    unknown,
    push(piece) {
      const text = held + piece;
      const certain = text.length - UNDECIDED.exec(text)![0].length;
      held = text.slice(certain);
      return pass(text.slice(0, certain));
    },
    end() {
      const rest = held.trimEnd();
      held = '';
      return pass(rest);
    },
  };
}
